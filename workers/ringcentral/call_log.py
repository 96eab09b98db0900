"""Ask for call-log records: a window of them, or those of one call. Every request is Heavy.

https://developers.ringcentral.com/api-reference/Call-Log/readUserCallLog
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from runtime.budget import Group, Share
from runtime.settings import Scope
from telephony.call_log import CallLogPage, decode_page
from telephony.records import CallLogRecord
from telephony.times import iso_ms
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import Refused

PER_PAGE: Final = 1000
_NOT_TOGETHER: Final = "CLG-110"
ROOTS: Final = {
    Scope.ACCOUNT: "/restapi/v1.0/account/~/call-log",
    Scope.EXTENSION: "/restapi/v1.0/account/~/extension/~/call-log",
}


class CallLog:
    """The call log of the account, or of the user alone, as the account's scope says. Always in the Detailed view."""

    def __init__(self, client: RingCentral) -> None:
        self._client = client
        self._root = ROOTS[client.account.scope]

    def pages(
        self,
        date_from: datetime,
        date_to: datetime,
        *,
        share: Share = Share.LIVE,
        first: int = 1,
        halvings: int = 0,
    ) -> Iterator[CallLogPage]:
        """Give the calls that started in the window, newest first, page by page, each page when it is asked for.

        New records push older ones onto later pages while we read. So the window's end is fixed, and a record that
        comes twice unchanged is given once. When a page raises, go on later from its number with `first`. Pages hold
        PER_PAGE records, half as many for each of `halvings`.
        """
        seen: set[tuple[str | None, datetime | None]] = set()
        number: int | None = first
        while number is not None:
            page = self._page(date_from, date_to, share, number, PER_PAGE >> halvings)
            number = number + 1 if page.next_page and (page.records or page.malformed) else None
            fresh = tuple(record for record in page.records if _version(record) not in seen)
            seen.update(_version(record) for record in fresh)
            yield msgspec.structs.replace(page, records=fresh)

    def by_telephony_session_id(
        self, telephony_session_id: str, date_from: datetime, *, share: Share = Share.LIVE
    ) -> CallLogPage:
        """Give all records of one call that started after `date_from`; none is an answer, too.

        The start is always sent, for without it RingCentral may only look at the last day.
        """
        wanted = {"telephonySessionId": telephony_session_id, "view": "Detailed", "perPage": str(PER_PAGE)}
        try:
            return self._get(wanted | {"dateFrom": iso_ms(date_from)}, share)
        except Refused as error:
            if _NOT_TOGETHER not in error.codes:
                raise
            return self._get(wanted, share)

    def _page(self, date_from: datetime, date_to: datetime, share: Share, number: int, size: int) -> CallLogPage:
        window = {"dateFrom": iso_ms(date_from), "dateTo": iso_ms(date_to)}
        return self._get({**window, "view": "Detailed", "perPage": str(size), "page": str(number)}, share)

    def _get(self, params: dict[str, str], share: Share) -> CallLogPage:
        return self._client.get(self._root, params, decode=decode_page, group=Group.HEAVY, share=share)


def _version(record: CallLogRecord) -> tuple[str | None, datetime | None]:
    return record.id, record.last_modified_time
