"""The call log's change feeds: what changed since a token, however long ago the calls began. Every request is Heavy.

The first request of a feed (FSync) gives a token; each further one (ISync) goes on from the last token. A token that is
refused, whatever for, means beginning anew. Each asks for the Detailed view: the default is the Simple one, without
legs, and RingCentral's reference does not say (any more) that a token remembers the view of its feed.
https://developers.ringcentral.com/api-reference/Call-Log/extractSync and .../syncAccountCallLog
"""

from datetime import datetime
from typing import Final

from runtime.budget import Group, Share
from runtime.settings import Scope
from telephony.call_log import SyncPage, decode_sync
from telephony.fetch_plan import Lane
from telephony.times import iso_ms
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import Refused

MOST: Final = {Lane.EXTRACT: 1000, Lane.SYNC: 250}
"""Records in one answer."""

_ACCOUNT: Final = "/restapi/v1.0/account/~/"
_EXTENSION: Final = "/restapi/v1.0/account/~/extension/~/"


class StaleToken(Exception):
    """RingCentral will not go on from this token: too old, of a log that was reset, or more changed than it carries."""


class CallLogFeed:
    """The feeds of the account, or of the user alone, as the account's scope says. Always in the Detailed view."""

    def __init__(self, client: RingCentral) -> None:
        self._client = client
        self._root = _ACCOUNT if client.account.scope is Scope.ACCOUNT else _EXTENSION

    def begin(self, lane: Lane, since: datetime, *, share: Share = Share.LIVE) -> SyncPage:
        """Ask for what there is since `since`, and a token to go on with."""
        return self._get(lane, {"syncType": "FSync", "dateFrom": iso_ms(since), "recordCount": str(MOST[lane])}, share)

    def go_on(self, lane: Lane, token: str, *, share: Share = Share.LIVE) -> SyncPage:
        """Ask for what changed since `token` was given. Raises StaleToken."""
        try:
            return self._get(lane, {"syncType": "ISync", "syncToken": token}, share)
        except Refused as error:
            raise StaleToken(str(error)) from error

    def _get(self, lane: Lane, params: dict[str, str], share: Share) -> SyncPage:
        wanted = params | {"view": "Detailed"}
        return self._client.get(self._root + lane, wanted, decode=decode_sync, group=Group.HEAVY, share=share)
