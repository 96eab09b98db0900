"""A RingOut as the API, the script and `--json` show it: the contract's shape, and why it is as it is.

Read only. How it ended is what was published of the session it was played in; whether that is known makes its state.
"""

from typing import Final, Literal

import msgspec
from redis import Redis

from runtime import ledger, outcome_log
from runtime.ledger import State
from runtime.ringouts import Cancel, Placing, RingOut, Seen
from telephony.events import CallData
from telephony.ringout_link import Linking
from telephony.ringout_refusals import TOO_LATE, Refusal, refusal
from telephony.ringout_request import MakeRingOut
from telephony.ringout_status import Live
from telephony.times import iso_ms_at, iso_ms_at_or_none

CALLING: Final = "calling"
ENDED: Final = "ended"
RESOLVED: Final = "resolved"

_FOUND: Final = frozenset({State.RESOLVED, State.UNRESOLVED})


class Became(msgspec.Struct, frozen=True):
    """What became of the RingOut's session: how far that is, and the newest that was published of it."""

    state: State | None = None
    data: CallData | None = None


def became_of(redis: Redis, ringout: RingOut) -> Became:
    """Read what became of a RingOut's first session; nothing while none is linked."""
    first = next(iter(ringout.session_ids), None)
    if first is None:
        return Became()
    resolution = ledger.resolutions(redis, ringout.account, [first]).get(first)
    entry = outcome_log.newest_of(redis, ringout.account, [first]).get(first)
    event = outcome_log.event_of(entry.document) if entry else None
    return Became(resolution.state if resolution else None, event.data if event else None)


def state_of(ringout: RingOut, became: Became) -> Literal["calling", "ended", "resolved"]:
    """Say how far it is: live, over, or with its outcome from the call log."""
    if became.state in _FOUND:
        return RESOLVED
    return ENDED if ringout.is_over or became.data is not None else CALLING


def refused_because(ringout: RingOut) -> Refusal | None:
    """Say why it was not placed; None where it was, may have been, or may still be."""
    if ringout.placing is Placing.EXPIRED:
        return TOO_LATE
    if ringout.placing is not Placing.REFUSED:
        return None
    return refusal(ringout.codes)


class SeenDocument(Live, frozen=True, kw_only=True, rename="camel"):
    """A live status, and when it was seen first."""

    at: str


class ProblemDocument(msgspec.Struct, frozen=True, rename="camel"):
    """Why it was not placed: RingCentral's codes, and what they mean."""

    codes: tuple[str, ...]
    detail: str


class RingOutDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A RingOut with what is known of it by now: how it goes live, its sessions, and how it ended."""

    id: str
    state: Literal["calling", "ended", "resolved"]
    live: Live
    telephony_session_ids: tuple[str, ...]
    outcome: CallData | None
    account: str
    extension: str
    ring_out_id: str | None
    request: MakeRingOut | None
    placing: Placing
    problem: ProblemDocument | None
    cancel: Cancel | None
    asked_at: str
    placed_at: str | None
    live_over_at: str | None
    live_over: str | None
    history: tuple[SeenDocument, ...]
    linking: Linking


def ringout_document(redis: Redis, ringout: RingOut) -> RingOutDocument:
    """Write a RingOut with what is known of it by now."""
    became = became_of(redis, ringout)
    refused = refused_because(ringout)
    return RingOutDocument(
        id=ringout.id,
        state=state_of(ringout, became),
        live=ringout.live or Live(),
        telephony_session_ids=ringout.session_ids,
        outcome=became.data,
        account=ringout.account,
        extension=ringout.extension,
        ring_out_id=ringout.ring_out_id,
        request=ringout.call,
        placing=ringout.placing,
        problem=None if refused is None else ProblemDocument(ringout.codes, refused.detail),
        cancel=ringout.cancel,
        asked_at=iso_ms_at(ringout.asked_at),
        placed_at=iso_ms_at_or_none(ringout.placed_at),
        live_over_at=iso_ms_at_or_none(ringout.over_at),
        live_over=ringout.over,
        history=tuple(_seen(seen) for seen in ringout.seen),
        linking=ringout.linking,
    )


def _seen(seen: Seen) -> SeenDocument:
    return SeenDocument(**msgspec.structs.asdict(seen.live), at=iso_ms_at(seen.at))
