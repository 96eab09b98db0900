"""Build telephony sessions from what became of their parties."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from telephony.notifications import Endpoint, Notification
from telephony.sessions import Session, fold
from tests.builders.notifications import CALLERS_NUMBER, MENU, MIRA, MIRAS_NUMBER, TOM, a_notification, a_party

COMPANY_NUMBER = "+16505550100"
CALLER, OURS = Endpoint(CALLERS_NUMBER, "Noor Vale"), Endpoint(MIRAS_NUMBER, "Mira Holm", MIRA)

Said = tuple[int, str] | tuple[int, str, str]
"""What a party said: its number, the code, and perhaps the reason."""

_NUMBERS: Mapping[str, int] = MappingProxyType({"caller": 1, "ivr": 2, "agent": 3, "colleague": 4})
_EXTENSIONS: Mapping[int, str] = MappingProxyType({2: MENU, 3: MIRA, 4: TOM})


def folded(*notifications: Notification, into: Session | None = None) -> Session:
    """Fold notifications one after the other."""
    session = into
    for notification in notifications:
        session = fold(session, notification)
    assert session is not None
    return session


def a_session(**parties: str) -> Session:
    """Build an inbound call's session in which each party (caller, ivr, agent, colleague) last said that."""
    return an_inbound_call(*((_NUMBERS[name], code) for name, code in parties.items()))


def an_inbound_call(*said: Said, **fields: Any) -> Session:
    """Build the session of a call from outside; 1 is the caller, the others are ours."""

    def cast(number: int) -> dict[str, Any]:
        ours = {"direction": "Inbound", "extension_id": _EXTENSIONS.get(number)} if number > 1 else {}
        return {"from_": CALLER, "to": OURS, **ours}

    return _call(said, cast, fields)


def an_outbound_call(*said: Said, **fields: Any) -> Session:
    """Build the session of a call Mira makes; 1 is she, the others are outside."""

    def cast(number: int) -> dict[str, Any]:
        return {"from_": OURS, "to": CALLER, **({"extension_id": MIRA} if number == 1 else {"direction": "Inbound"})}

    return _call(said, cast, fields)


def a_ringout(*said: Said) -> Session:
    """Build the session of a RingOut: 1 is Mira, who is rung first; 2 whom she wants to talk to."""

    def cast(number: int) -> dict[str, Any]:
        called = {"to": OURS, "extension_id": MIRA} if number == 1 else {"to": CALLER}
        return {"direction": "Inbound", "from_": Endpoint(COMPANY_NUMBER), **called}

    return _call(said, cast, {"origin": "RingOut"})


def _call(said: Sequence[Said], cast: Callable[[int], dict[str, Any]], fields: dict[str, Any]) -> Session:
    return folded(
        *(
            a_notification(a_party(number, *words, **cast(number)), sequence=sequence, **fields)
            for sequence, (number, *words) in enumerate(said, start=2)
        )
    )
