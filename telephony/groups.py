"""Who of a call's parties is nobody: queues and menus, which take a call only to hand it on to somebody."""

from typing import Final

from telephony.sessions import PartyState, Session

_MENU: Final = "callerinputredirect"


def groups(session: Session) -> frozenset[str]:
    """List the extensions that are called on behalf of others: queues, and whatever else rings somebody else.

    One that rang nobody, as a queue that sent the caller straight to its voicemail, looks like a person; so does one
    that was told to ring itself, unless RingCentral marks whom it rang as a queue's.
    """
    rung = {party.extension_id for party in session.parties if party.rang_at}
    named = {party.to.extension_id for party in session.parties if _is_for_another(party) and not party.calls}
    return frozenset(one for one in named - rung if one) | queues(session)


def queues(session: Session) -> frozenset[str]:
    """List the extensions that are queues for certain: RingCentral marks whom they ring."""
    return frozenset(
        party.to.extension_id
        for party in session.parties
        if party.queue and party.to.extension_id and _is_for_another(party)
    )


def _is_for_another(party: PartyState) -> bool:
    named = party.to.extension_id
    return party.extension_id is not None and named is not None and party.extension_id != named


def is_menu(party: PartyState) -> bool:
    """Tell whether this party was a menu: the caller chose where to go on."""
    return (party.reason or "").casefold() == _MENU
