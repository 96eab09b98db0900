"""What a status claims about the whole call, and which claim outweighs which.

docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telephony.results import is_outbound
from telephony.words import LegStatus, Outcome

# What a leg status makes of a whole call: the outcome of the same name. The statuses that have none say nothing of it.
OUTCOME_BY_STATUS: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {LegStatus(word.value): word for word in Outcome if word not in {Outcome.UNRESOLVED, Outcome.UNKNOWN}}
)
# Nobody picking up is ours to have missed when the call was inbound, the far side's when it was ours.
OUTCOME_WHEN_INBOUND: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {
        LegStatus.NO_ANSWER: Outcome.MISSED,
        LegStatus.CANCELLED: Outcome.ABANDONED,
    }
)
OUTCOME_WHEN_OUTBOUND: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {
        LegStatus.MISSED: Outcome.NO_ANSWER,
        LegStatus.ABANDONED: Outcome.CANCELLED,
    }
)

# The strongest claims first, between records of one call and between legs when these must decide.
# Records in the same row: the one that started first decides. Legs in the same row: from left to right.
STRENGTH: Final[tuple[tuple[Outcome, ...], ...]] = (
    (Outcome.EMERGENCY,),
    (Outcome.ANSWERED, Outcome.FAX_RECEIVED, Outcome.FAX_SENT),
    (Outcome.FAX_PARTIAL, Outcome.CALLBACK_REQUESTED, Outcome.REPLIED, Outcome.VOICEMAIL),
    (Outcome.ANSWERED_ELSEWHERE,),
    (
        Outcome.BUSY,
        Outcome.REJECTED,
        Outcome.BLOCKED,
        Outcome.ABANDONED,
        Outcome.CANCELLED,
        Outcome.MISSED,
        Outcome.NO_ANSWER,
        Outcome.FAX_FAILED,
        Outcome.FAILED,
    ),
    (Outcome.UNKNOWN, Outcome.UNRESOLVED),
)

_TIER: Final = MappingProxyType({word: tier for tier, row in enumerate(STRENGTH) for word in row})
_RANK: Final = MappingProxyType({word: rank for rank, word in enumerate(w for row in STRENGTH for w in row)})


def strength(outcome: Outcome) -> int:
    """Rank what a record claims against the other records of its call; less is stronger."""
    return _TIER[outcome]


def outcome_of(status: LegStatus, *, direction: str | None) -> Outcome | None:
    """Say what a status makes of a whole call of this direction; None when it says nothing about the whole."""
    directed = OUTCOME_WHEN_OUTBOUND if is_outbound(direction) else OUTCOME_WHEN_INBOUND
    return directed.get(status) or OUTCOME_BY_STATUS.get(status)


def rank(outcome: Outcome) -> int:
    """Rank what a leg claims against the other legs of its call; less is stronger."""
    return _RANK[outcome]
