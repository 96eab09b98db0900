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
    address = _plain(peer)
    if told is not None and (not peer or _is_near(address)):
        return str(told)
    return str(address or peer)


def _is_near(peer: Address | None) -> bool:
    """Say whether a peer is in no public network: clouds and carriers have inner ones that are not called private."""
    return peer is not None and not peer.is_global


def _address_in(text: str) -> Address | None:
    """Read an address; some proxies write a port behind it, as `192.0.2.7:4711` and `[2001:db8::7]:4711`."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    address = _plain(host) or _plain(host.partition(":")[0])
    return None if getattr(address, "scope_id", None) else address


def _plain(text: str) -> Address | None:
    """Read an address as itself: who listens on IPv6 is told `::ffff:192.0.2.7`, which is taken for a near one."""
    address = parsed(text)
    return getattr(address, "ipv4_mapped", None) or address
