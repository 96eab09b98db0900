"""A RingOut as the API, the script and `--json` show it: the contract's shape, and why it is as it is.

Read only. How it ended is what was published of the session it was played in; whether that is known makes its state.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from redis import Redis

from runtime import ledger, outcome_log
from runtime.ledger import State
from runtime.ringouts import Placing, RingOut
from telephony.events import CallData
from telephony.ringout_refusals import CONFIGURATION, TOO_LATE, Refusal, refusal
from telephony.ringout_status import Live
from telephony.times import iso_ms

CALLING: Final = "calling"
ENDED: Final = "ended"
RESOLVED: Final = "resolved"

_FOUND: Final = frozenset({State.RESOLVED, State.UNRESOLVED})


class Outcome(msgspec.Struct, frozen=True):
    """What became of the RingOut's session: how far that is, and the newest that was published of it."""

    state: State | None = None
    data: CallData | None = None


def outcome_of(redis: "Redis", ringout: RingOut) -> Outcome:
    """Read what became of a RingOut's first session; nothing while none is linked."""
    first = next(iter(ringout.session_ids), None)
    if first is None:
        return Outcome()
    resolution = ledger.resolutions(redis, ringout.account, [first]).get(first)
    return Outcome(resolution.state if resolution else None, outcome_log.newest(redis, ringout.account, first))


def state_of(ringout: RingOut, outcome: Outcome) -> str:
    """Say how far it is: live, over, or with its outcome from the call log."""
    if outcome.state in _FOUND:
        return RESOLVED
    return ENDED if ringout.is_over or outcome.data is not None else CALLING


def refused_because(ringout: RingOut) -> Refusal | None:
    """Say why it was not placed; None where it was, may have been, or may still be."""
    if ringout.placing is Placing.EXPIRED:
        return TOO_LATE
    if ringout.placing is not Placing.REFUSED:
        return None
    return refusal(ringout.codes) if ringout.codes else CONFIGURATION


def ringout_document(redis: "Redis", ringout: RingOut) -> dict[str, Any]:
    """Write a RingOut with what is known of it by now."""
    outcome = outcome_of(redis, ringout)
    refused = refused_because(ringout)
    return {
        "id": ringout.id,
        "state": state_of(ringout, outcome),
        "live": msgspec.to_builtins(ringout.live or Live()),
        "telephonySessionIds": list(ringout.session_ids),
        "outcome": outcome.data,
        "account": ringout.account,
        "extension": ringout.extension,
        "ringOutId": ringout.ring_out_id,
        "request": msgspec.to_builtins(ringout.call) if ringout.call else None,
        "placing": ringout.placing,
        "problem": None if refused is None else {"codes": ringout.codes, "detail": refused.detail},
        "cancel": ringout.cancel,
        "askedAt": _time(ringout.asked_at),
        "placedAt": _time(ringout.placed_at),
        "liveOverAt": _time(ringout.over_at),
        "liveOver": ringout.over,
        "history": [{"at": _time(seen.at), **_words(seen.live)} for seen in ringout.seen],
        "linking": msgspec.to_builtins(ringout.linking),
    }


def _words(live: Live) -> Mapping[str, str | None]:
    words: Mapping[str, str | None] = msgspec.to_builtins(live)
    return words


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_ms(datetime.fromtimestamp(seconds, UTC))
