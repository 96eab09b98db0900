"""What happened to each extension that was rung: the rules, one table for parties and one for legs.

A call to a queue rings many people and is answered by one: the others did not miss it. docs/reference/conversations.md
is generated from here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.call_outcome import LegOutcome
from telephony.groups import is_menu
from telephony.ringout import TO_CALLEE, TO_CALLER
from telephony.sessions import PartyState
from telephony.words import LegRole, LegStatus


class AgentStatus(StrEnum):
    """What happened to one of the account's people who were rung. Of several, the first of this order counts."""

    TRANSFERRED_AWAY = "transferred_away"
    PARKED = "parked"
    PICKED_UP = "picked_up"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    DECLINED = "declined"
    BUSY = "busy"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    MISSED = "missed"
    UNREACHABLE = "unreachable"
    RANG = "rang"


AGENT_MEANINGS: Final[Mapping[AgentStatus, str]] = MappingProxyType(
    {
        AgentStatus.TRANSFERRED_AWAY: "took part and then gave the call to somebody else",
        AgentStatus.PARKED: "took part and then parked the call",
        AgentStatus.PICKED_UP: "picked a parked call up",
        AgentStatus.ANSWERED: "answered",
        AgentStatus.VOICEMAIL: "did not answer; the call went to their voicemail",
        AgentStatus.DECLINED: "turned the call away",
        AgentStatus.BUSY: "was busy",
        AgentStatus.ANSWERED_ELSEWHERE: "was ringing when somebody else answered: not a missed call",
        AgentStatus.MISSED: "did not answer, and nobody else did while they were rung",
        AgentStatus.UNREACHABLE: "could not be rung: no phone of theirs was there, or it failed",
        AgentStatus.RANG: "was rung; nothing says what became of it",
    }
)

TALKED: Final = frozenset(
    {AgentStatus.TRANSFERRED_AWAY, AgentStatus.PARKED, AgentStatus.PICKED_UP, AgentStatus.ANSWERED}
)
"""The statuses of those who were in the call."""

_TRANSFERS: Final = frozenset({"blindtransfer", "attendedtransfer", "rcctransfer", "dtmftransfer"})
_PARKS: Final = frozenset({"callpark", "parklocation"})
_ELSEWHERE: Final = frozenset({"agentanswered", "pickup"})
_MISSED: Final = frozenset({"noanswer", "timeout", "cancelled", "callerdropped"})
_DECLINED: Final = frozenset({"rejected", "callreplied"})
_UNREACHABLE: Final = frozenset({"internalerror", "nosuchuser", "invalidnumber"})
_RANG_OUT: Final = frozenset({"noanswer", "timeout"})
_PARK_CODE: Final = re.compile(r"\*8\d{2,}")
_SLACK: Final = timedelta(seconds=2)
"""How much earlier than an answer others may stop ringing because of it, but for those that rang to the end."""


class PartyRule(msgspec.Struct, frozen=True):
    """One row: what a party's last state says. `answers` are the moments at which anybody of the account did."""

    name: str
    status: AgentStatus
    because: str
    applies: Callable[[PartyState, Sequence[datetime]], bool]


def _reason(party: PartyState) -> str:
    return (party.reason or "").casefold()


def _while_ringing(party: PartyState, answers: Sequence[datetime]) -> bool:
    begin, end = party.rang_at or party.seen_at, party.changed_at
    slack = timedelta() if _reason(party) in _RANG_OUT else _SLACK
    return begin is not None and end is not None and any(begin <= at <= end + slack for at in answers)


PARTY_RULES: Final = (
    PartyRule(
        "agent-picked-up",
        AgentStatus.PICKED_UP,
        "they dialled the code of a parked call",
        lambda party, _: is_pick_up(party),
    ),
    PartyRule(
        "agent-transferred",
        AgentStatus.TRANSFERRED_AWAY,
        "they left the call by a transfer",
        # Who is Gone went on in the other session; whether as who gives or as who gets the call is not told.
        lambda party, _: party.answered_at is not None and not party.is_gone and _reason(party) in _TRANSFERS,
    ),
    PartyRule(
        "agent-parked",
        AgentStatus.PARKED,
        "they left the call by parking it",
        lambda party, _: party.answered_at is not None and _reason(party) in _PARKS,
    ),
    PartyRule("agent-answered", AgentStatus.ANSWERED, "they answered", lambda party, _: party.answered_at is not None),
    PartyRule(
        "agent-voicemail", AgentStatus.VOICEMAIL, "their party went to voicemail", lambda party, _: party.voicemail
    ),
    PartyRule(
        "agent-declined",
        AgentStatus.DECLINED,
        "their party was turned away",
        lambda party, _: _reason(party) in _DECLINED,
    ),
    PartyRule("agent-busy", AgentStatus.BUSY, "they were busy", lambda party, _: _reason(party) == "targetbusy"),
    PartyRule(
        "agent-unreachable",
        AgentStatus.UNREACHABLE,
        "ringing them failed",
        lambda party, _: _reason(party) in _UNREACHABLE,
    ),
    PartyRule(
        "agent-answered-elsewhere",
        AgentStatus.ANSWERED_ELSEWHERE,
        "RingCentral says that somebody else took the call",
        lambda party, _: _reason(party) in _ELSEWHERE,
    ),
    PartyRule(
        "agent-answered-meanwhile",
        AgentStatus.ANSWERED_ELSEWHERE,
        "somebody else of the account answered while they were rung",
        _while_ringing,
    ),
    PartyRule(
        "agent-missed",
        AgentStatus.MISSED,
        "they did not answer, or the caller gave up",
        lambda party, _: party.missed or _reason(party) in _MISSED,
    ),
    PartyRule("agent-rang", AgentStatus.RANG, "they were rung, no more is known", lambda *_: True),
)
"""What the notifications say. The first row that applies wins."""


def is_pick_up(party: PartyState) -> bool:
    """Tell whether this is the party of somebody who picks a parked call up: it calls `*8` and a number."""
    code = party.to.phone_number
    if code is None or party.extension_id is None or not _PARK_CODE.fullmatch(code):
        return False
    return party.number == 1


def was_rung(party: PartyState) -> bool:
    """Tell whether a party that does not call is one of the account's people who was rung, and not a menu."""
    if party.extension_id is None or is_menu(party):
        return False
    return party.rang_at is not None or party.answered_at is not None or party.voicemail or _told(party)


def _told(party: PartyState) -> bool:
    return party.missed or _reason(party) in _DECLINED | _UNREACHABLE | _MISSED | {"targetbusy", "agentanswered"}


class LegRule(msgspec.Struct, frozen=True):
    """One row: whom a leg of this role is about, and what it says of them.

    `status` is what a connected leg means; any other means what `STATUS_BY_LEG` says. Where the result is about the
    other side, as with a transfer, `status` is what the leg means `always`.
    """

    name: str
    role: LegRole
    leg_types: frozenset[str]
    whose: Callable[[LegOutcome], str | None]
    status: AgentStatus
    because: str
    always: bool = False


def _rung(leg: LegOutcome) -> str | None:
    return leg.to.extension_id or leg.extension_id


def _own(leg: LegOutcome) -> str | None:
    return leg.from_.extension_id or leg.extension_id


_ANY: Final = frozenset[str]()

LEG_RULES: Final = (
    LegRule(
        "leg-pickup", LegRole.AGENT, frozenset({"pickup"}), _own, AgentStatus.PICKED_UP, "a leg by which they picked up"
    ),
    LegRule("leg-agent", LegRole.AGENT, _ANY, _rung, AgentStatus.ANSWERED, "a leg to their phone"),
    LegRule("leg-voicemail", LegRole.VOICEMAIL, _ANY, _rung, AgentStatus.VOICEMAIL, "a leg to their voicemail"),
    LegRule("leg-ringout-caller", LegRole.CALLER, TO_CALLER, _own, AgentStatus.ANSWERED,
            "the RingOut rang them first"),
    LegRule("leg-ringout-callee", LegRole.CALLEE, TO_CALLEE, lambda leg: leg.from_.extension_id, AgentStatus.ANSWERED,
            "the RingOut rang them second: its leg names both sides the other way round"),
    LegRule("leg-callee", LegRole.CALLEE, _ANY, lambda leg: leg.to.extension_id, AgentStatus.ANSWERED,
            "a leg to them within the account"),
    LegRule("leg-transfer-target", LegRole.TRANSFER, _ANY, lambda leg: leg.to.extension_id, AgentStatus.ANSWERED,
            "the call was transferred to them"),
    LegRule("leg-transfer", LegRole.TRANSFER, _ANY, _own, AgentStatus.TRANSFERRED_AWAY, "they transferred the call",
            always=True),
    LegRule("leg-park", LegRole.PARK, _ANY, _own, AgentStatus.PARKED, "they parked the call", always=True),
)  # fmt: skip
"""What the call log says. Every row that fits a leg tells of somebody; the rows of a type go before those of any."""

STATUS_BY_LEG: Final[Mapping[LegStatus, AgentStatus]] = MappingProxyType(
    {
        LegStatus.VOICEMAIL: AgentStatus.VOICEMAIL,
        LegStatus.MISSED: AgentStatus.MISSED,
        LegStatus.NO_ANSWER: AgentStatus.MISSED,
        LegStatus.ABANDONED: AgentStatus.MISSED,
        LegStatus.CANCELLED: AgentStatus.MISSED,
        LegStatus.BUSY: AgentStatus.BUSY,
        LegStatus.REJECTED: AgentStatus.DECLINED,
        LegStatus.REPLIED: AgentStatus.DECLINED,
        LegStatus.BLOCKED: AgentStatus.UNREACHABLE,
        LegStatus.FAILED: AgentStatus.UNREACHABLE,
        LegStatus.ANSWERED_ELSEWHERE: AgentStatus.ANSWERED_ELSEWHERE,
    }
)
"""What a leg that was not connected says. `stopped` (the phone stopped ringing) and all others leave it open.

So does, whatever its status, a result that is about one phone of several (`results.RESULTS_OF_ONE_PHONE`).
"""


@lru_cache(maxsize=1024)
def rules_of(role: LegRole, leg_type: str | None) -> tuple[LegRule, ...]:
    """List the rows that tell of somebody by a leg of this role and type."""
    rows = tuple(rule for rule in LEG_RULES if rule.role is role)
    of_its_type = tuple(rule for rule in rows if (leg_type or "").casefold() in rule.leg_types)
    return of_its_type or tuple(rule for rule in rows if not rule.leg_types)
