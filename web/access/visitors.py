"""Who sent a request: their role and name, and the address they came from."""

import ipaddress
from enum import StrEnum

import msgspec
from flask import Request, g

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
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if _is_address(told) and _is_near(peer) else peer


def _is_near(text: str) -> bool:
    return not text or (_is_address(text) and ipaddress.ip_address(text).is_private)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
