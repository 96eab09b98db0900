"""The events of calls that are on: where a session's parties are, and the live status of a RingOut. May be missed."""

from datetime import datetime
from typing import Final

import msgspec

from telephony import endings
from telephony.call_outcome import Endpoint
from telephony.events import Envelope, source
from telephony.sessions import PartyState, Session
from telephony.times import iso_ms, iso_ms_or_none

UPDATED: Final = "legwork.call.updated"


class LiveParty(msgspec.Struct, frozen=True, rename="camel"):
    """One party of a call that is on."""

    id: str
    extension_id: str | None
    direction: str | None
    code: str
    reason: str | None
    from_: Endpoint = msgspec.field(name="from")
    to: Endpoint
    missed: bool
    queue: bool


class LiveRingOut(msgspec.Struct, frozen=True, rename="camel"):
    """The live status of a RingOut, in RingCentral's words; `over` says why there is no more of it."""

    id: str
    ring_out_id: str | None
    call_status: str | None
    caller_status: str | None
    callee_status: str | None
    over: str | None


class LiveData(msgspec.Struct, frozen=True, rename="camel"):
    """The `data` of `legwork.call.updated`."""

    account_id: str | None
    telephony_session_id: str | None
    session_id: str | None
    origin: str | None
    direction: str
    start_time: str | None
    extensions: tuple[str, ...]
    parties: tuple[LiveParty, ...]
    ringout: LiveRingOut | None = None


class LiveEvent(Envelope, frozen=True, kw_only=True):
    """News of a call that is on; may be missed."""

    data: LiveData


def updated(session: Session, *, now: datetime) -> LiveEvent:
    """Make the live event that says where a session's parties are."""
    heard = sum(last - first + 1 for first, last in session.heard)
    return LiveEvent(
        id=f"{session.id}/live/{heard}",
        source=source(session.account_id),
        type=UPDATED,
        subject=session.id,
        time=iso_ms_or_none(session.changed_at) or iso_ms(now),
        data=LiveData(
            account_id=session.account_id,
            telephony_session_id=session.id,
            session_id=session.session_id,
            origin=session.origin,
            direction=endings.direction(session),
            start_time=iso_ms_or_none(session.started_at),
            extensions=endings.extensions(session),
            parties=tuple(_live_party(party) for party in session.parties),
        ),
    )


def _live_party(party: PartyState) -> LiveParty:
    return LiveParty(
        id=party.id,
        extension_id=party.extension_id,
        direction=party.direction,
        code=party.code,
        reason=party.reason,
        from_=endings.endpoint(party.from_),
        to=endings.endpoint(party.to),
        missed=party.missed,
        queue=party.queue,
    )
