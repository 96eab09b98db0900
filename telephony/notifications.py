"""Read RingCentral's webhook bodies into typed notifications.

The vocabulary is open: codes, reasons and origins stay RingCentral's words, unknown fields are passed over, an event of
a kind we do not fold is still a notification. Only what cannot be a notification at all is malformed, and says why.
Schema: AccountTelephonySessionsEvent, https://developers.ringcentral.com/api-reference/Account-Telephony-Sessions-Event
"""

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from telephony import wire
from telephony.repair import tidied
from telephony.times import parse_time

SESSION_PREFIX: Final = "s-"
"""What today's ids of telephony sessions begin with."""

CONFERENCE_SESSION_ID: Final = "0"
"""The older id that all conferences share."""

MOST_IN_A_BODY: Final = 500
"""Far more than RingCentral ever posts at once; two bytes an element would be a hundred thousand of them."""

MOST_PARTIES: Final = 500
"""Of one notification, which tells of a party or two, and of a call; what follows from them is found by comparing each
with each."""

_MAX_ID: Final = 200
_TELEPHONY_SUFFIX: Final = "/telephony/sessions"
_REMINDER_PART: Final = "/subscription/"
_PARTY_PREFIX: Final = "p-"
_ACCOUNT_IN_EVENT: Final = re.compile(r"/account/([0-9]+)/", re.ASCII)
_NAMED: Final = re.compile(rb'"telephonySessionId"\s*:\s*"([^"\\]+)"')
_DIGITS_OF_A_VERSION: Final = 2
_REPLACED: Final = re.compile("[?\ufffd]")
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError)


class Kind(StrEnum):
    """What a notification is about, told from its `event` path, which is never equal to the filter asked for."""

    TELEPHONY_SESSION = "telephony_session"
    REMINDER = "reminder"
    OTHER = "other"


class Endpoint(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, array_like=True):
    """One side of a party's call, as far as RingCentral names it."""

    phone_number: str | None = None
    name: str | None = None
    extension_id: str | None = None


class Party(msgspec.Struct, frozen=True):
    """One participant's state at the notification's sequence.

    `direction` is the party's own: an external caller is Outbound, the user who is called Inbound. `extension_id` is
    absent for parties outside the account. `peer` is the telephony session this party has gone on in, if it has;
    a `sessionId` of "0" says that it is a conference.
    """

    id: str
    code: str
    reason: str | None
    direction: str | None
    extension_id: str | None
    account_id: str | None
    from_: Endpoint
    to: Endpoint
    peer: str | None
    missed: bool
    queue: bool
    peer_is_conference: bool = False


class Notification(msgspec.Struct, frozen=True):
    """One webhook POST, or one of several in it. The session's fields are None unless `kind` is TELEPHONY_SESSION."""

    kind: Kind
    uuid: str | None
    event: str
    telephony_session_id: str | None = None
    session_id: str | None = None
    sequence: int | None = None
    event_time: datetime | None = None
    origin: str | None = None
    parties: tuple[Party, ...] = ()


class Malformed(msgspec.Struct, frozen=True):
    """A body, or one element of it, that no notification can be read from."""

    reason: str


def read(body: bytes) -> tuple[Notification | Malformed, ...]:
    """Read everything a webhook body says; never raises, and gives at least one item, so that no body goes uncounted.

    RingCentral posts one notification a request; an array is read element by element, so that a bad one harms no other.
    One of more than `MOST_IN_A_BODY` elements is no array of notifications.
    """
    try:
        if body.lstrip()[:1] != b"[":
            return (_read_one(body),)
        raws = wire.RAWS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return (Malformed(_first_line(error)),)
    if len(raws) > MOST_IN_A_BODY:
        return (Malformed(f"an array of {len(raws)} elements"),)
    return tuple(_read_one(raw) for raw in raws) or (Malformed("an empty array"),)


def named_in(body: bytes) -> list[bytes]:
    """List the ids of the telephony sessions that a body names, as they are written in it, without reading it."""
    return _NAMED.findall(body)


def without_ids(event: str) -> str:
    """Give the path of an event without what names somebody: parts with more digits than a version has."""
    parts = event.partition("?")[0].split("/")
    return "/".join("~" if sum(map(str.isdigit, part)) > _DIGITS_OF_A_VERSION else part for part in parts)


@lru_cache(maxsize=1024)
def account_of(event: str) -> str | None:
    """Name the account that stands in a path of RingCentral's, as of an event; None for `~`, which is whoever asked."""
    found = _ACCOUNT_IN_EVENT.search(event)
    return found.group(1) if found else None


def _read_one(raw: bytes | msgspec.Raw) -> Notification | Malformed:
    """Read one in one go, if it is news of a call, as nearly all are; what is not is read again to say what it is."""
    try:
        call = wire.CALL.decode(raw)
        if _kind(call.event) is Kind.TELEPHONY_SESSION:
            return _of_call(call, call.body)
    except _UNREADABLE:
        pass
    try:
        return _of_either(raw)
    except _UNREADABLE as error:
        return _mended(raw) or Malformed(_first_line(error))


def _of_either(raw: bytes | msgspec.Raw) -> Notification:
    envelope = wire.ANYTHING.decode(raw)
    kind = _kind(envelope.event)
    if kind is Kind.TELEPHONY_SESSION:
        return _of_call(envelope, wire.SESSION.decode(envelope.body))
    return Notification(kind=kind, uuid=_text(envelope.uuid), event=envelope.event)


def _mended(raw: bytes | msgspec.Raw) -> Notification | None:
    """Read one with broken characters, as somebody's name may have; with one in an id it is news of nobody."""
    try:
        notification = _of_either(tidied(bytes(raw)))
    except _UNREADABLE:
        return None
    ids = {notification.telephony_session_id}.union(
        *((party.id, party.peer, party.extension_id, party.account_id) for party in notification.parties)
    )
    return None if any(one and _REPLACED.search(one) for one in ids) else notification


@lru_cache(maxsize=1024)
def _kind(event: str) -> Kind:
    path = event.partition("?")[0]
    if path.endswith(_TELEPHONY_SUFFIX):
        return Kind.TELEPHONY_SESSION
    return Kind.REMINDER if _REMINDER_PART in path else Kind.OTHER


def _of_call(envelope: wire.Envelope, body: wire.Session) -> Notification:
    if len(body.parties) > MOST_PARTIES:
        raise ValueError(f"{len(body.parties)} parties")
    return Notification(
        kind=Kind.TELEPHONY_SESSION,
        uuid=_text(envelope.uuid),
        event=envelope.event,
        telephony_session_id=_id(body.telephony_session_id, "telephonySessionId"),
        session_id=_text(body.session_id),
        sequence=body.sequence,
        event_time=_time(body.event_time) or _time(envelope.timestamp),
        origin=body.origin.type if body.origin else None,
        parties=tuple([_party(party) for party in body.parties]),
    )


def _party(party: wire.Party) -> Party:
    peer = party.status.peer_id
    return Party(
        id=_id(party.id, "party id"),
        code=party.status.code,
        reason=party.status.reason,
        direction=party.direction,
        extension_id=_text(party.extension_id),
        account_id=_text(party.account_id),
        from_=_endpoint(party.from_),
        to=_endpoint(party.to),
        peer=_peer_session(peer) if peer else None,
        missed=bool(party.missed_call),
        queue=bool(party.queue_call),
        peer_is_conference=peer is not None and _text(peer.session_id) == CONFERENCE_SESSION_ID,
    )


def _peer_session(peer: wire.Peer) -> str | None:
    """Find the telephony session of a peer: RingCentral has it in its place, in `sessionId`, or in the party's id only.

    A numeric `sessionId` names none: sessions share it, and all conferences have "0".
    """
    named = (peer.telephony_session_id, peer.session_id)
    found = next((one for one in named if isinstance(one, str) and one.startswith(SESSION_PREFIX)), None)
    if found is None and (peer.party_id or "").startswith(_PARTY_PREFIX):
        found = SESSION_PREFIX + (peer.party_id or "").removeprefix(_PARTY_PREFIX).rpartition("-")[0]
    found = found or peer.telephony_session_id
    return found if found and found != SESSION_PREFIX and _is_id(found) else None


def _endpoint(side: wire.Side | None) -> Endpoint:
    return Endpoint(side.phone_number, side.name, _text(side.extension_id)) if side else Endpoint()


def _id(value: str, what: str) -> str:
    """Accept every shape of id seen since 2018, but nothing that could not stand in a key, a log line or a header."""
    if not _is_id(value):
        raise ValueError(f"{what} is not an id")
    return value


def _is_id(value: str) -> bool:
    return 0 < len(value) <= _MAX_ID and value.isascii() and value.isprintable() and " " not in value


def _text(value: str | int | None) -> str | None:
    """Give an id as text; an empty one names nobody."""
    return None if value is None or value == "" else str(value)


def _time(text: str | None) -> datetime | None:
    """Read a time leniently: a time that cannot be read is a missing one, not a malformed notification."""
    return parse_time(text) if text else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
