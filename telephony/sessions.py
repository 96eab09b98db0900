"""The fold: notifications in, telephony session out; and the rule that says when the call is over.

The fold is a join: whatever the order of a session's notifications and however often each arrives, the same session
comes out. Duplicates are therefore harmless here and nobody has to remember what was seen before.
There is no "call ended" notification; a session is over when every known party is (see `has_ended`).
"""

from datetime import datetime, timedelta
from functools import lru_cache, reduce
from typing import Any, Final

import msgspec

from telephony.notifications import MOST_PARTIES, Endpoint, Notification, Party, account_of

FIRST_SEQUENCE: Final = 2
"""RingCentral numbers a session's notifications 2, 3, 4, … across its parties (seen in every complete capture)."""

GAP_FACTOR: Final = 4
"""How much longer the quiet pause lasts while a new party is to be expected: its first notification may be missing."""

MOVING_REASONS: Final = frozenset({"callswitch", "callflip"})
"""Somebody who leaves for one of these goes on in the same session, as another party, at another phone."""

MOST_RUNS: Final = 100
"""Of numbers that have come, with others missing between. More are of no call: the last two count as one then."""

_NOBODY: Final = Endpoint()
_GONE: Final = "gone"
TERMINAL_CODES: Final = frozenset({"disconnected", _GONE})
"""A party is over in these. All other codes, unknown ones too, mean that it lives: parked, on hold, in voicemail."""

_ANSWERED: Final = "answered"
_RINGING: Final = "proceeding"
_VOICEMAIL: Final = frozenset({"voicemail", "voicemailscreening", "vmscreening"})
_FAX: Final = "faxreceive"
_LONGEST_NUMBER: Final = 9
"""Digits of a party's number; more are a part of some other kind of id."""


class PartyState(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The newest a party said, and what it once was: answered, in voicemail, receiving a fax.

    `named_at` is the sequence that named its ends, where the newest names none.
    """

    id: str
    sequence: int
    code: str
    reason: str | None = None
    direction: str | None = None
    extension_id: str | None = None
    from_: Endpoint = Endpoint()
    to: Endpoint = Endpoint()
    peer: str | None = None
    missed: bool = False
    queue: bool = False
    seen_at: datetime | None = None
    answered_at: datetime | None = None
    changed_at: datetime | None = None
    voicemail: bool = False
    fax: bool = False
    rang_at: datetime | None = None
    named_at: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the party has left the call for good."""
        return self.code.lower() in TERMINAL_CODES

    @property
    def is_gone(self) -> bool:
        """Whether the party has left for another telephony session."""
        return self.code.lower() == _GONE

    @property
    def calls(self) -> bool:
        """Whether it calls, rather than being called; where its direction is not told, whether it was the first."""
        return self.direction.lower() == "outbound" if self.direction else self.number == 1

    @property
    def number(self) -> int | None:
        """Its number as RingCentral counts (`p-<core>-N`, 1 is who began the call); None where the id has none."""
        return _number(self.id)


class Session(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A telephony session as far as its notifications tell. `heard` holds the sequences as (first, last) runs."""

    id: str
    account_id: str | None = None
    session_id: str | None = None
    origin: str | None = None
    started_at: datetime | None = None
    changed_at: datetime | None = None
    heard: tuple[tuple[int, int], ...] = ()
    parties: tuple[PartyState, ...] = ()

    @property
    def has_gap(self) -> bool:
        """Whether a notification between the first and the newest has not come."""
        return bool(self.heard) and not (len(self.heard) == 1 and self.heard[0][0] <= FIRST_SEQUENCE)

    @property
    def is_over(self) -> bool:
        """Whether every party that was told of has left the call."""
        return all(party.is_over for party in self.parties)

    @property
    def is_left(self) -> bool:
        """Whether there were parties, and all have left: unless another comes, the call is over."""
        return bool(self.parties) and self.is_over

    @property
    def is_at_rest(self) -> bool:
        """Whether people are talking, so that nothing more is to be heard soon: two are there, and nobody rings."""
        living = [party for party in self.parties if not party.is_over]
        return len(living) > 1 and all(party.answered_at for party in living)


def fold(session: Session | None, notification: Notification) -> Session:
    """Join one telephony-session notification into its session.

    Gives back `session` itself when the notification says nothing new: a duplicate.
    """
    if notification.telephony_session_id is None or notification.sequence is None:
        raise ValueError("only telephony-session notifications fold into sessions")
    before = session or Session(notification.telephony_session_id)
    after = Session(
        id=before.id,
        account_id=reduce(_first, _accounts(notification), before.account_id),
        session_id=_first(before.session_id, notification.session_id),
        origin=_first(before.origin, notification.origin),
        started_at=_first(before.started_at, notification.event_time),
        changed_at=_last(before.changed_at, notification.event_time),
        heard=_with_sequence(before.heard, notification.sequence),
        parties=_joined(before.parties, notification),
    )
    return before if session and after == before else after


def ends_after(session: Session, quiet: timedelta, *, gaps_tell: bool = True) -> timedelta | None:
    """Say how long the session must stay silent to be over; None while a party lives or none is known.

    Gaps tell nothing where only the notifications of one extension are heard: the numbers of all others are missing.
    """
    if not session.is_left:
        return None
    return quiet * GAP_FACTOR if (gaps_tell and session.has_gap) or _is_moving(session) else quiet


def _is_moving(session: Session) -> bool:
    """Say whether the last to leave did so for another phone."""
    last = max(session.parties, key=lambda party: party.sequence)
    return (last.reason or "").lower() in MOVING_REASONS


def has_ended(session: Session, *, heard_at: datetime, now: datetime, quiet: timedelta, gaps_tell: bool = True) -> bool:
    """Say whether the call is over: every known party is, and nothing new has come for the quiet pause."""
    pause = ends_after(session, quiet, gaps_tell=gaps_tell)
    return pause is not None and now - heard_at >= pause


def _accounts(notification: Notification) -> list[str | None]:
    """Name the account as the event does, and as its parties do: either may not say."""
    return [account_of(notification.event), *[party.account_id for party in notification.parties]]


def _joined(parties: tuple[PartyState, ...], notification: Notification) -> tuple[PartyState, ...]:
    """Join a notification's parties with those that are known, of which a call has so many: the first in their order.

    Whoever has the token may invent as many as they like, one notification after the other, and all are written anew
    with each.
    """
    joined = {party.id: party for party in parties}
    for party in notification.parties:
        news = _state(party, notification)
        known = joined.get(party.id)
        joined[party.id] = _join(known, news) if known else news
    if len(joined) == len(parties):
        return tuple(joined.values())
    return tuple(sorted(joined.values(), key=_party_order)[:MOST_PARTIES])


def _party_order(party: PartyState) -> tuple[bool, int, str]:
    """Order parties by their numbers; those without one come last."""
    number = party.number
    return (number is None, number or 0, party.id)


@lru_cache(maxsize=8192)
def _number(party_id: str) -> int | None:
    last = party_id.rpartition("-")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) <= _LONGEST_NUMBER else None


def _state(party: Party, notification: Notification) -> PartyState:
    code = party.code.lower()
    return PartyState(
        id=party.id,
        sequence=notification.sequence or 0,
        code=party.code,
        reason=party.reason,
        direction=party.direction,
        extension_id=party.extension_id,
        from_=party.from_,
        to=party.to,
        peer=party.peer,
        missed=party.missed,
        queue=party.queue,
        seen_at=notification.event_time,
        answered_at=notification.event_time if code == _ANSWERED else None,
        changed_at=notification.event_time,
        voicemail=code in _VOICEMAIL,
        fax=code == _FAX,
        rang_at=notification.event_time if code == _RINGING else None,
    )


def _join(one: PartyState, other: PartyState) -> PartyState:
    if one.sequence != other.sequence:
        newest = one if one.sequence > other.sequence else other
    else:
        newest = max(one, other, key=_precedence)
    joined = msgspec.structs.replace(
        newest,
        direction=_first(one.direction, other.direction),
        seen_at=_first(one.seen_at, other.seen_at),
        answered_at=_first(one.answered_at, other.answered_at),
        voicemail=one.voicemail or other.voicemail,
        fax=one.fax or other.fax,
        rang_at=_first(one.rang_at, other.rang_at),
        extension_id=_first(one.extension_id, other.extension_id),
        peer=_first(one.peer, other.peer),
    )
    says_who = newest.from_ != _NOBODY and newest.named_at is None and one.sequence != other.sequence
    return joined if says_who else msgspec.structs.replace(joined, **_ends(one, other))


def _ends(one: PartyState, other: PartyState) -> dict[str, Any]:
    """Give the ends that were named last: a notification that names none takes nothing back."""
    named = max(one, other, key=_naming)
    at, _ = _naming(named)
    is_older = 0 <= at < max(one.sequence, other.sequence)
    return {"from_": named.from_, "to": named.to, "named_at": at if is_older else None}


def _naming(party: PartyState) -> tuple[int, str]:
    """Order two states of a party by when they named an end; then the text decides, as any order would."""
    if party.from_ == party.to == _NOBODY:
        return -1, ""
    return party.sequence if party.named_at is None else party.named_at, repr((party.from_, party.to))


def _precedence(party: PartyState) -> tuple[Any, ...]:
    """Order two states of a party with the same sequence: the one that is over wins, then the text decides.

    Any order will do there, so long as it is one. Fields that `_join` gathers over time take no part, so that joining
    in any grouping gives the same result.
    """
    said = (party.code, party.reason, party.missed, party.queue)
    return (party.is_over, repr(said), repr(party.changed_at))


def _first(one: Any, other: Any) -> Any:
    return other if one is None or (other is not None and other < one) else one


def _last(one: Any, other: Any) -> Any:
    return other if one is None or (other is not None and other > one) else one


def _with_sequence(runs: tuple[tuple[int, int], ...], sequence: int) -> tuple[tuple[int, int], ...]:
    """Add one number to a sorted tuple of runs, joining runs that touch."""
    for first, last in runs:
        if first <= sequence <= last:
            return runs
    if runs and sequence == runs[-1][1] + 1:
        return (*runs[:-1], (runs[-1][0], sequence))
    merged: list[tuple[int, int]] = []
    for first, last in sorted((*runs, (sequence, sequence))):
        if merged and first == merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    if len(merged) > MOST_RUNS:
        merged[-2:] = [(merged[-2][0], merged[-1][1])]
    return tuple(merged)
