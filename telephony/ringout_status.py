"""What a RingOut's live status says: RingCentral's eighteen words in one table, and how often to look at them.

The status API speaks while the call is on and a short time later, then it answers 404. Its words are not those of the
call log and are known to be wrong at times (github.com/ringcentral/ringcentral-js/issues/12), so nothing here decides
how a call ended: it decides whether there is more to see. docs/ringout.md is generated from here.
Schema: CallingStatusInfo, https://developers.ringcentral.com/api-reference/RingOut/readRingOutCallStatus
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.claims import outcome_of
from telephony.results import folded
from telephony.words import LegStatus


class Phase(StrEnum):
    """How far a word says that a call, or the way to one of its parties, has come."""

    RINGING = "ringing"
    CONNECTED = "connected"
    OVER = "over"
    UNKNOWN = "unknown"


PHASE_MEANINGS: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        Phase.RINGING: "It is being called: look again soon.",
        Phase.CONNECTED: "It has been reached: look again now and then.",
        Phase.OVER: "It is over, or will not come to be: nothing more is looked at, and the call log decides.",
        Phase.UNKNOWN: "It says nothing: look again.",
    }
)


class Word(msgspec.Struct, frozen=True):
    """What one word says: the phase, and what the call log may be expected to say of that party.

    `expects` is None where the word is too general for that; `unreached` then tells that at least it is not answered.
    """

    phase: Phase
    expects: LegStatus | None
    means: str
    unreached: bool = False


WORDS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "InProgress": Word(Phase.RINGING, None, "being called, or about to be"),
        "Success": Word(Phase.CONNECTED, LegStatus.ANSWERED, "connected"),
        "Finished": Word(Phase.OVER, LegStatus.ANSWERED, "hung up after the conversation"),
        "Busy": Word(Phase.OVER, LegStatus.BUSY, "the line is busy"),
        "NoAnswer": Word(Phase.OVER, LegStatus.NO_ANSWER, "nobody picked up"),
        "NoAnsweringMachine": Word(Phase.OVER, LegStatus.NO_ANSWER, "nobody picked up, no machine either"),
        "Rejected": Word(Phase.OVER, LegStatus.REJECTED, "declined"),
        "CannotReach": Word(Phase.OVER, None, "cannot be reached", unreached=True),
        "Invalid": Word(Phase.OVER, LegStatus.FAILED, "not a number that can be called"),
        "NosuchUser": Word(Phase.OVER, LegStatus.FAILED, "nobody has this number"),
        "GenericError": Word(Phase.OVER, None, "an error without a name", unreached=True),
        "Error": Word(Phase.OVER, None, "an error", unreached=True),
        "NotEnoughFunds": Word(Phase.OVER, LegStatus.FAILED, "no calling credit"),
        "InternationalDisabled": Word(Phase.OVER, LegStatus.BLOCKED, "international calls are not allowed"),
        "DestinationBlocked": Word(Phase.OVER, LegStatus.BLOCKED, "calls to there are not allowed"),
        "RingOutFromThisNumberIsNotSupported": Word(
            Phase.OVER, LegStatus.FAILED, "no RingOut can be made from this number"
        ),
        "NoSessionFound": Word(Phase.OVER, None, "there is no such call any more"),
        "Unknown": Word(Phase.UNKNOWN, None, "RingCentral does not know"),
    }
)
"""One row for each word RingCentral publishes. Case does not matter; a word never seen says nothing, and is counted."""

NOTHING_SAID: Final = Word(Phase.UNKNOWN, None, "a word never seen")
_WORDS: Final = folded(WORDS)


class Live(msgspec.Struct, frozen=True, rename="camel"):
    """The three words of a status, verbatim; None where RingCentral gave none."""

    call_status: str | None = None
    caller_status: str | None = None
    callee_status: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Those that were given."""
        return tuple(word for word in (self.call_status, self.caller_status, self.callee_status) if word)


class PhaseRule(msgspec.Struct, frozen=True):
    """One row of how three words become one phase; the first that applies decides."""

    phase: Phase
    because: str


OVER_BY_CALL: Final = PhaseRule(Phase.OVER, "the call's word says that it is over")
OVER_BY_CALLER: Final = PhaseRule(Phase.OVER, "without the caller there is no call")
OVER_BY_CALLEE: Final = PhaseRule(Phase.OVER, "the callee was not reached, or has hung up")
RINGING: Final = PhaseRule(Phase.RINGING, "somebody is still being called")
CONNECTED: Final = PhaseRule(Phase.CONNECTED, "the call's word is that of a connected call")
NO_PHASE: Final = PhaseRule(Phase.UNKNOWN, "no word says anything")
PHASE_RULES: Final = (OVER_BY_CALL, OVER_BY_CALLER, OVER_BY_CALLEE, RINGING, CONNECTED, NO_PHASE)


def word(text: str | None) -> Word:
    """Look a word up. One never seen says nothing, rather than raising."""
    return _WORDS.get((text or "").casefold(), NOTHING_SAID)


def unknown_words(live: Live) -> tuple[str, ...]:
    """List the words the table does not have, for the caller to count."""
    return tuple(text for text in live.words if text.casefold() not in _WORDS)


def phase(live: Live) -> PhaseRule:
    """Say how far a RingOut has come, going by its live status."""
    call, caller, callee = (word(text).phase for text in (live.call_status, live.caller_status, live.callee_status))
    if call is Phase.OVER:
        return OVER_BY_CALL
    if caller is Phase.OVER:
        return OVER_BY_CALLER
    if callee is Phase.OVER:
        return OVER_BY_CALLEE
    if Phase.RINGING in {call, caller, callee}:
        return RINGING
    return CONNECTED if call is Phase.CONNECTED else NO_PHASE


def can_be_cancelled(live: Live | None) -> bool:
    """Say whether RingCentral would still cancel it: only while the two are not connected."""
    return live is None or phase(live).phase in {Phase.RINGING, Phase.UNKNOWN}


def is_borne_out(text: str | None, outcome: LegStatus | None) -> bool | None:
    """Say whether the call log, by which this became of a party, bears out the last live word of it.

    None where either says too little: a word like `InProgress`, which is often the last that was seen, claims nothing.
    """
    said = word(text)
    if outcome in {None, LegStatus.UNKNOWN, LegStatus.IN_PROGRESS}:
        return None
    if said.expects is not None:  # of a call of ours, the call log may call "no answer" missed
        return outcome_of(outcome, direction="Outbound") is outcome_of(said.expects, direction="Outbound")
    return outcome is not LegStatus.ANSWERED if said.unreached else None


class Pace(msgspec.Struct, frozen=True):
    """How often a status is looked at, for the first `until` seconds in this phase. Seconds."""

    until: float
    every: float


PACES: Final[Mapping[Phase, tuple[Pace, ...]]] = MappingProxyType(
    {
        Phase.RINGING: (Pace(20, 1.0), Pace(60, 2.0), Pace(float("inf"), 5.0)),
        Phase.CONNECTED: (Pace(30, 3.0), Pace(300, 10.0), Pace(float("inf"), 30.0)),
        Phase.UNKNOWN: (Pace(30, 2.0), Pace(float("inf"), 10.0)),
    }
)

SHARE_SECONDS: Final = 2.4
"""Of the 50 requests a minute of the Light group, following takes at most half: one every so many seconds."""


def next_look(seen: Phase, *, age: float, followed: int) -> float:
    """Say in how many seconds to look at a status again; `followed` RingOuts share the requests there are."""
    every = next((pace.every for pace in PACES.get(seen, ()) if age < pace.until), PACES[Phase.UNKNOWN][-1].every)
    return max(every, followed * SHARE_SECONDS if followed > 1 else 0.0)
