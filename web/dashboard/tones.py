"""Which of five tones each of our words has. The word itself is always shown too: nobody needs the colours."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from telephony.words import LegStatus, Outcome


class Tone(StrEnum):
    """How a word feels. Each is a class of the style sheet, and a row of the legend."""

    GOOD = "good"
    MESSAGE = "message"
    MISSED = "missed"
    FAILED = "failed"
    OTHER = "other"


LEGEND: Final[Mapping[Tone, str]] = MappingProxyType(
    {
        Tone.GOOD: "got through",
        Tone.MESSAGE: "left a message",
        Tone.MISSED: "missed",
        Tone.FAILED: "failed",
        Tone.OTHER: "not known",
    }
)

_OF_WORD: Final[Mapping[str, Tone]] = MappingProxyType(
    {
        Outcome.ANSWERED: Tone.GOOD,
        Outcome.VOICEMAIL: Tone.MESSAGE,
        Outcome.MISSED: Tone.MISSED,
        Outcome.NO_ANSWER: Tone.MISSED,
        Outcome.BUSY: Tone.FAILED,
        Outcome.ABANDONED: Tone.MISSED,
        Outcome.CANCELLED: Tone.MISSED,
        Outcome.REJECTED: Tone.FAILED,
        Outcome.BLOCKED: Tone.FAILED,
        Outcome.FAILED: Tone.FAILED,
        Outcome.REPLIED: Tone.MESSAGE,
        Outcome.CALLBACK_REQUESTED: Tone.MESSAGE,
        Outcome.ANSWERED_ELSEWHERE: Tone.GOOD,
        Outcome.EMERGENCY: Tone.FAILED,
        Outcome.FAX_SENT: Tone.GOOD,
        Outcome.FAX_RECEIVED: Tone.GOOD,
        Outcome.FAX_PARTIAL: Tone.FAILED,
        Outcome.FAX_FAILED: Tone.FAILED,
        Outcome.UNRESOLVED: Tone.OTHER,
        Outcome.UNKNOWN: Tone.OTHER,
        LegStatus.IN_PROGRESS: Tone.OTHER,
        LegStatus.STOPPED: Tone.OTHER,
        LegStatus.NOT_ATTEMPTED: Tone.OTHER,
        # what a call that is on is doing
        "talking": Tone.GOOD,
        "ringing": Tone.MISSED,
        "on hold": Tone.MESSAGE,
        # how a subscription is
        "incomplete": Tone.FAILED,
        "blacklisted": Tone.FAILED,
        "missing": Tone.FAILED,
        "unmanaged": Tone.MISSED,
        # what a destination, an attempt or a replay is doing (a subscription is active, too)
        "active": Tone.GOOD,
        "paused": Tone.MISSED,
        "disabled": Tone.FAILED,
        "delivered": Tone.GOOD,
        "temporary": Tone.MISSED,
        "permanent": Tone.FAILED,
        "gone": Tone.FAILED,
        "replaced": Tone.OTHER,
        "done": Tone.GOOD,
        "running": Tone.MESSAGE,
        "selecting": Tone.MESSAGE,
        "waiting": Tone.MISSED,
        "on now": Tone.MESSAGE,
    }
)


def tone(word: str | None) -> Tone:
    """Say how a word feels; one we do not know is neither good nor bad."""
    return _OF_WORD.get(word or "", Tone.OTHER)
