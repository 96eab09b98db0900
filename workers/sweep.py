"""One sweep of the call log: carry out the planned requests, and sort the records by the session they belong to."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from runtime.budget import Share
from telephony.call_log import CallLogPage
from telephony.fetch_plan import LookUp, Request, Window
from telephony.records import CallLogRecord
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import RingCentralError


class Sweep(msgspec.Struct):
    """What a sweep brought: records by session, what was asked to the end, and what stopped it, if something did."""

    records: dict[str, list[CallLogRecord]] = msgspec.field(default_factory=dict)
    answered: list[Request] = msgspec.field(default_factory=list)
    malformed: int = 0
    stopped_by: RingCentralError | None = None

    def has_asked_about(self, telephony_session_id: str, started_at: datetime) -> bool:
        """Say whether the sweep would have brought the records of this call, had there been any."""
        return any(
            request.covers(started_at)
            if isinstance(request, Window)
            else request.telephony_session_id == telephony_session_id
            for request in self.answered
        )


def sweep(
    call_log: CallLog, requests: Sequence[tuple[Request, Share]], *, sessions: Mapping[str, str], into: Sweep
) -> Iterator[None]:
    """Carry out `requests` one by one into `into`, pausing after each page for the caller to keep its lease.

    `sessions` maps RingCentral's `sessionId` to the telephony session, for records that name only the former. A request
    that fails ends the sweep; what came before stays.
    """
    try:
        for request, share in requests:
            for page in _pages(call_log, request, share):
                into.malformed += len(page.malformed)
                for record in page.records:
                    into.records.setdefault(_session_of(record, sessions), []).append(record)
                yield
            into.answered.append(request)
    except RingCentralError as error:
        into.stopped_by = error


def _pages(call_log: CallLog, request: Request, share: Share) -> Iterator[CallLogPage]:
    if isinstance(request, LookUp):
        yield call_log.by_telephony_session_id(request.telephony_session_id, request.date_from, share=share)
    else:
        yield from call_log.pages(request.date_from, request.date_to, share=share)


def _session_of(record: CallLogRecord, sessions: Mapping[str, str]) -> str:
    """Name the session of a record: as it says itself, else the one we know by its older id, else that id."""
    if record.telephony_session_id:
        return record.telephony_session_id
    session_id = record.session_id or ""
    return sessions.get(session_id) or session_id or record.id or "unknown"
