"""Tell people of a RingOut: what happens to it as it happens, and what became of it. Pure: a document in, text out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scripts.terminal.moments import clock_time, fine_time
from scripts.terminal.people import way
from scripts.terminal.tables import Column, cell, table
from telephony.events import CallData
from telephony.times import parse_time

OVER: Final[Mapping[str, str]] = {
    "gone": "RingCentral has forgotten the live status (404); the call log will tell how it ended",
    "terminal": "the live status says that it is over; the call log will tell how it ended",
    "call-ended": "the call has ended; the call log will tell how",
    "cancelled": "cancelled; the call log will tell the rest",
    "not-shown": "RingCentral does not show the live status; the call log will tell how it ended",
    "too-long": "it goes on for too long to be followed; the call log will tell how it ended",
    "uncertain": "placing was interrupted: it is not tried again, and the evidence will tell whether there is a call",
}
CANCELS: Final[Mapping[str, str]] = {
    "cancelled": "cancelled before the two were connected",
    "connected": "not cancelled: the two are connected already, and only a RingOut that is not can be",
    "too_late": "not cancelled: it is over already, or RingCentral has nothing of it that could be cancelled",
    "refused": "not cancelled: RingCentral did not let us; once that is mended it can be tried again",
    "unknown": "not cancelled: nobody knows RingCentral's id of it, as its placing was interrupted",
}
_WHICH: Final = ("id", "asked for (UTC)")
_HOW: Final = ("state", "from → to", "caller / callee", "outcome")


class Telling:
    """Gives the lines that are new since the last time."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def lines(self, document: Mapping[str, Any]) -> Iterator[str]:
        """Tell what is new."""
        for line in _lines(document):
            if line not in self._told:
                self._told.add(line)
                yield line


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"RingOut {document['id']}: {_ends(document)}"
    if document["ringOutId"]:
        yield f"placed as {cell(document['ringOutId'])}"
    for seen in document["history"]:
        words = [cell(seen[name]) for name in ("callStatus", "callerStatus", "calleeStatus")]
        yield f"{_clock(seen['at'])}  call {words[0]}, caller {words[1]}, callee {words[2]}"
    if document["problem"]:
        codes = ", ".join(document["problem"]["codes"])
        yield f"not placed: {document['problem']['detail']}" + (f" ({codes})" if codes else "")
    if document["cancel"]:
        yield CANCELS.get(document["cancel"], document["cancel"])
    if document["liveOver"]:
        yield f"{_clock(document['liveOverAt'])}  {OVER.get(document['liveOver'], document['liveOver'])}"
    for one in document["linking"]["sessions"]:
        yield f"session {cell(one['telephonySessionId'])}: {one['because']}"
    data = document["outcome"]
    if isinstance(data, CallData):
        yield from _outcome(data)


def _outcome(data: CallData) -> Iterator[str]:
    if data.revision == 0:  # what was heard; the call log will tell
        return
    if data.outcome == "unresolved":
        yield "outcome: unresolved: the call log showed no final record in time"
        return
    told = "confirmed by the call log" if data.confirmed else "by a record of the call log that is not final"
    yield f"outcome: {data.outcome} (revision {data.revision}, {told}: {cell(data.result)})"
    yield f"callerStatus: {_side(data.caller_status, data.caller_outcome)}"
    yield f"calleeStatus: {_side(data.callee_status, data.callee_outcome)}"
    for why in data.explanation:
        if why.rule == "ringout-live-overruled":
            yield f"  the live status had said {cell(why.value)} as {why.field}; the call log decides"
    if data.linked_sessions:
        yield f"linked sessions: {', '.join(map(cell, data.linked_sessions))}"


def _side(status: str | None, outcome: str | None) -> str:
    return f"{cell(status)} ({outcome})" if outcome else cell(status)


def listing(documents: list[dict[str, Any]]) -> list[str]:
    """Lay out RingOuts, one a line, with their accounts where these are several."""
    are_several = len({one["account"] for one in documents}) > 1
    columns = map(Column, (*_WHICH, *(("account",) if are_several else ()), *_HOW))
    rows = ((*_which(one), *((one["account"],) if are_several else ()), *_how(one)) for one in documents)
    return table(tuple(columns), rows)


def _which(document: Mapping[str, Any]) -> tuple[object, ...]:
    asked_at = parse_time(document["askedAt"])
    return document["id"], clock_time(asked_at) if asked_at else None


def _how(document: Mapping[str, Any]) -> tuple[object, ...]:
    data = document["outcome"]
    known = isinstance(data, CallData) and bool(data.record_ids)
    sides = f"{data.caller_status or '-'} / {data.callee_status or '-'}" if known else _live(document["live"])
    became = data.outcome if isinstance(data, CallData) else document["placing"]
    return document["state"], _ends(document), sides, became


def _live(live: Mapping[str, str | None]) -> str:
    return f"{live['callerStatus'] or '-'} / {live['calleeStatus'] or '-'}"


def _ends(document: Mapping[str, Any]) -> str:
    call, data = document["request"], document["outcome"]
    if call is None:
        return way(data.from_, data.to) if isinstance(data, CallData) else "placed elsewhere"
    caller = call["from"].get("phoneNumber") or f"forwarding number {call['from'].get('forwardingNumberId')}"
    return f"{cell(caller)} → {cell(call['to']['phoneNumber'])}"


def _clock(text: str | None) -> str:
    moment = parse_time(text or "")
    return fine_time(moment) if moment else "-"
