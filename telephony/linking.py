"""Which telephony sessions are one conversation: the kinds of links between two, and the evidence for each.

RingCentral makes a session of its own of a consultation before a transfer, of picking up a parked call, of a
conference; a customer would call all of it one conversation. A link is evidence that names both sessions. Nothing is
linked because numbers or times look alike, nor by `sessionId`, which sessions may share (every conference has "0").
Links are a set: whatever their order and however often each is found, the same conversation comes out (see
`conversations`). docs/reference/conversations.md is generated from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.notifications import CONFERENCE_SESSION_ID, Notification, Party
from telephony.records import CallLogRecord, CallPart

CONFERENCE_ORIGIN: Final = "conference"


class ConversationRole(StrEnum):
    """What a session is in its conversation."""

    ONLY = "only"
    ORIGINAL = "original"
    PARKED = "parked"
    CONSULTATION = "consultation"
    PICKED_UP = "picked_up"
    CONFERENCE = "conference"
    TRANSFERRED = "transferred"
    MOVED = "moved"
    MONITORING = "monitoring"
    RINGOUT_SECOND = "ringout_second"
    LINKED = "linked"


ROLE_MEANINGS: Final[Mapping[ConversationRole, str]] = MappingProxyType(
    {
        ConversationRole.ONLY: "the conversation has no other session",
        ConversationRole.ORIGINAL: "the call that the conversation began with, or that others joined",
        ConversationRole.PARKED: "a call that was parked and picked up in another session",
        ConversationRole.CONSULTATION: "the call in which a colleague was asked before the transfer",
        ConversationRole.PICKED_UP: "the call by which somebody picked a parked call up, and went on with it",
        ConversationRole.CONFERENCE: "the conference into which calls were joined",
        ConversationRole.TRANSFERRED: "the call in which it went on at whom it was handed to",
        ConversationRole.MOVED: "the call in which the same person went on at another phone",
        ConversationRole.MONITORING: "a supervisor's call, to listen to the original or to join it",
        ConversationRole.RINGOUT_SECOND: "the second session of a RingOut",
        ConversationRole.LINKED: "part of the conversation; nothing says as what",
    }
)


class LinkKind(StrEnum):
    """In what way one session belongs to another."""

    WARM_TRANSFER = "warm_transfer"
    PARK = "park"
    CONFERENCE = "conference"
    HAND_OVER = "hand_over"
    MOVE = "move"
    TAKE_OVER = "take_over"
    MONITORING = "monitoring"
    RINGOUT = "ringout"
    OTHER = "other"


class KindRule(msgspec.Struct, frozen=True):
    """What the earlier and the later of two sessions are, and whether a party that left the earlier is in the later.

    While that one is on, the earlier is not taken as over.
    """

    first: ConversationRole
    then: ConversationRole
    goes_on: bool


# A session with several roles has the first of this order: what it was made for, before what became of it.
KINDS: Final[Mapping[LinkKind, KindRule]] = MappingProxyType(
    {
        LinkKind.RINGOUT: KindRule(ConversationRole.ORIGINAL, ConversationRole.RINGOUT_SECOND, goes_on=False),
        LinkKind.CONFERENCE: KindRule(ConversationRole.ORIGINAL, ConversationRole.CONFERENCE, goes_on=True),
        LinkKind.MONITORING: KindRule(ConversationRole.ORIGINAL, ConversationRole.MONITORING, goes_on=False),
        LinkKind.WARM_TRANSFER: KindRule(ConversationRole.ORIGINAL, ConversationRole.CONSULTATION, goes_on=True),
        LinkKind.PARK: KindRule(ConversationRole.PARKED, ConversationRole.PICKED_UP, goes_on=True),
        LinkKind.TAKE_OVER: KindRule(ConversationRole.ORIGINAL, ConversationRole.TRANSFERRED, goes_on=True),
        LinkKind.HAND_OVER: KindRule(ConversationRole.ORIGINAL, ConversationRole.TRANSFERRED, goes_on=True),
        LinkKind.MOVE: KindRule(ConversationRole.ORIGINAL, ConversationRole.MOVED, goes_on=True),
        LinkKind.OTHER: KindRule(ConversationRole.LINKED, ConversationRole.LINKED, goes_on=False),
    }
)


class LinkRule(msgspec.Struct, frozen=True):
    """One kind of evidence. `ordered` says that it tells which session was first; otherwise the earlier start does."""

    kind: LinkKind
    ordered: bool
    because: str


GONE_CONFERENCE: Final = "gone-conference"
GONE_TO_PEER: Final = "gone-to-peer"
TRANSFER_NAMED: Final = "transfer-named"
SESSION_NAMED: Final = "session-named"
RINGOUT_SECOND_SESSION: Final = "ringout-second-session"

LINK_RULES: Final[Mapping[str, LinkRule]] = MappingProxyType(
    {
        TRANSFER_NAMED: LinkRule(
            LinkKind.WARM_TRANSFER, ordered=True, because="the call log names both sides of a warm transfer"
        ),
        "gone-attended-transfer": LinkRule(
            LinkKind.WARM_TRANSFER, ordered=False, because="a party went on in the other session: AttendedTransfer"
        ),
        "gone-pickup": LinkRule(
            LinkKind.PARK, ordered=False, because="a party was picked up into the other session: Pickup"
        ),
        GONE_CONFERENCE: LinkRule(
            LinkKind.CONFERENCE, ordered=True, because="a party went on in the conference, or came from the other call"
        ),
        "gone-hand-over": LinkRule(
            LinkKind.HAND_OVER, ordered=False, because="a party went on in the other session: it was transferred"
        ),
        "gone-move": LinkRule(
            LinkKind.MOVE, ordered=False, because="a party went on in the other session: CallSwitch or CallFlip"
        ),
        "gone-take-over": LinkRule(
            LinkKind.TAKE_OVER, ordered=False, because="a party went on in the other session: TakeOver"
        ),
        "gone-monitoring": LinkRule(
            LinkKind.MONITORING, ordered=False, because="a supervisor's party names the other session"
        ),
        GONE_TO_PEER: LinkRule(LinkKind.OTHER, ordered=False, because="a party names the other session as its peer"),
        SESSION_NAMED: LinkRule(
            LinkKind.OTHER, ordered=False, because="a record or leg of the call log names the other session"
        ),
        RINGOUT_SECOND_SESSION: LinkRule(
            LinkKind.RINGOUT, ordered=True, because="the evidence of the RingOut allows this one session and no other"
        ),
    }
)
"""Every kind of evidence there is. For that of a RingOut see `telephony.ringout_link`."""

RULE_BY_REASON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "attendedtransfer": "gone-attended-transfer",
        "pickup": "gone-pickup",
        "conference": GONE_CONFERENCE,
        "blindtransfer": "gone-hand-over",
        "rcctransfer": "gone-hand-over",
        "dtmftransfer": "gone-hand-over",
        "callredirected": "gone-hand-over",
        "callerinputredirect": "gone-hand-over",
        "callswitch": "gone-move",
        "callflip": "gone-move",
        "takeover": "gone-take-over",
        "supervising": "gone-monitoring",
    }
)
"""What the reason (case-folded) of a party with a peer says; any other, or none, is `gone-to-peer`."""


class Link(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Evidence that two telephony sessions are one conversation: a rule of `LINK_RULES`, and both their ids.

    Where the rule is not ordered, `first` is only the lower id: use `link` to make one.
    """

    first: str
    then: str
    rule: str

    @property
    def kind(self) -> LinkKind:
        """In what way they belong together. A rule of a later version is OTHER."""
        return _rule(self).kind

    @property
    def because(self) -> str:
        """The evidence in a sentence."""
        return _rule(self).because

    @property
    def is_ordered(self) -> bool:
        """Whether the evidence tells which session was first."""
        return _rule(self).ordered


def link(rule: str, first: str, then: str) -> Link:
    """Make a link; of evidence that does not tell which session was first, both sides make the same one."""
    one = Link(first, then, rule)
    return one if one.is_ordered or first < then else Link(then, first, rule)


def of_notification(notification: Notification) -> tuple[Link, ...]:
    """Give the links a notification is evidence of: its parties that name a peer."""
    own = notification.telephony_session_id
    if own is None:
        return ()
    return tuple(_of_party(party, own, notification) for party in notification.parties if party.peer not in {None, own})


def of_records(own: str, records: Sequence[CallLogRecord]) -> frozenset[Link]:
    """Give the links that a session's call-log records are evidence of."""
    parts = [part for record in records for part in (record, *record.legs) if _names_another(part, own)]
    return frozenset(one for part in parts for one in _of_part(part, own) if one.first != one.then)


def _of_party(party: Party, own: str, notification: Notification) -> Link:
    peer = party.peer or own
    if _is_conference(notification):
        return link(GONE_CONFERENCE, peer, own)
    if party.peer_is_conference:
        return link(GONE_CONFERENCE, own, peer)
    return link(RULE_BY_REASON.get((party.reason or "").casefold(), GONE_TO_PEER), own, peer)


def _is_conference(notification: Notification) -> bool:
    is_one = (notification.origin or "").casefold() == CONFERENCE_ORIGIN
    return is_one or notification.session_id == CONFERENCE_SESSION_ID


def _names_another(part: CallPart, own: str) -> bool:
    return part.telephony_session_id not in (None, "", own) or bool(part.transfer_target or part.transferee)


def _of_part(part: CallPart, own: str) -> Iterator[Link]:
    target, transferee = part.transfer_sessions
    if target or transferee:
        first, then = transferee or own, target or own
        yield link(TRANSFER_NAMED, first, then)
        if own not in {first, then}:
            yield link(SESSION_NAMED, own, first)
    if part.telephony_session_id and part.telephony_session_id != own:
        yield link(SESSION_NAMED, own, part.telephony_session_id)


def _rule(one: Link) -> LinkRule:
    return LINK_RULES.get(one.rule, LINK_RULES[GONE_TO_PEER])
