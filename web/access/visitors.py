"""Who sent a request: their role and name, and the address they came from."""

from enum import StrEnum

import msgspec
from flask import Request, g

from runtime.deliveries.addresses import Address, parsed
from web.access.roles import Role
from web.access.sessions import Session


class Via(StrEnum):
    """By which door somebody came."""

    API = "api"
    DASHBOARD = "dashboard"


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who was let in."""

    role: Role
    name: str
    address: str
    via: Via

    @property
    def may_act(self) -> bool:
        """Whether they may change anything."""
        return self.role is Role.ADMIN


def of_session(session: Session, request: Request) -> Visitor:
    """Say who sends a request by a session of the dashboard."""
    return Visitor(session.role, session.name, address_of(request), Via.DASHBOARD)


def enter(visitor: Visitor) -> None:
    """Remember for the rest of the request who sent it."""
    g.visitor = visitor


def visitor() -> Visitor | None:
    """Say who sent the request; None for a stranger."""
    found: Visitor | None = g.get("visitor")
    return found


def address_of(request: Request) -> str:
    """Give the address a request came from.

    Where a proxy of our own network stands before us, the one it tells: the last, for those before it are hearsay.
    """
    peer = request.remote_addr or ""
    told = _address_in(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    return str(told) if told is not None and _is_near(peer) else peer


def _is_near(peer: str) -> bool:
    """Say whether a peer is in no public network: clouds and carriers have inner ones that are not called private."""
    address = parsed(peer)
    return not peer or (address is not None and not address.is_global)


def _address_in(text: str) -> Address | None:
    """Read an address; some proxies write a port behind it, as `192.0.2.7:4711` and `[2001:db8::7]:4711`."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    address = parsed(host) or parsed(host.partition(":")[0])
    return None if getattr(address, "scope_id", None) else address
