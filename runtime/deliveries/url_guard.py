"""Where events may be sent: to the public internet, by TLS, and to what the operator allows; never into our network.

Whoever adds a destination chooses an address that our machines will then talk to. So the address has one spelling,
every address its name resolves to is judged, and the connection is made to one of those that were judged: what the name
says a moment later changes nothing. It is asked when a destination is saved, and on each attempt.
"""

import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from runtime.deliveries.addresses import Address, is_in, parsed, why_forbidden
from runtime.setting_values import Network

PORTS: Final = frozenset({443, 8443})
"""The ports that strangers may name. Where the operator allows the network, any port will do."""

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands in its place."""

_DEFAULT_PORT: Final = {"https": 443, "http": 80}
_MAX_URL: Final = 2048
_MAX_NAME: Final = 253
_MAX_PORT: Final = 65535

_FAULTS: Final = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"[^\x21-\x7e]", "it holds what is no plain ASCII; a name in another script is written as xn--..."),
        (r"\\", "it holds a backslash"),
        (r"#", "it holds a fragment, which is never sent"),
        (r"^(?!https?://)", "it does not begin with https://"),
        (r"^\w+://[^/?]*@", "it holds a user name"),
        (r"^\w+://[^/?]*%", "its host holds a percent sign"),
    )
)
"""What a URL must not look like, and what to tell who wrote it. The first that is found is told."""

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:[/?].*)?)"
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class ForbiddenAddress(Exception):
    """Nothing is sent there, until the URL, its name's addresses or the settings are others. Its text says why."""


class Unresolvable(Exception):
    """The name has no address now."""


class NoSuchName(Unresolvable):
    """The name is known not to exist."""


class Target(msgspec.Struct, frozen=True):
    """Where to connect: `addresses` were judged, in the order to be tried; `host` is for TLS and the Host header."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def authority(self) -> str:
        """Give what belongs into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


def check(url: str, allow: Sequence[Network], resolve: Resolve) -> Target:
    """Say where `url` leads, having judged all of it. Raises ForbiddenAddress and Unresolvable."""
    scheme, host, port, path = _parts(url)
    if not allow:
        _judge_service(scheme, port)
    addresses = _resolved(host, port, resolve)
    for address in addresses:
        why = why_forbidden(address, allow)
        if why is not None:
            raise ForbiddenAddress(f"{host} leads to {address}: {why}")
    if not all(is_in(address, allow) for address in addresses):
        _judge_service(scheme, port)
    return Target(scheme, host, port, path, tuple(map(str, addresses)))


def _parts(url: str) -> tuple[str, str, int, str]:
    """Take a URL apart, in the one way that cannot be read otherwise by anybody else."""
    if len(url) > _MAX_URL:
        raise ForbiddenAddress(f"it is longer than {_MAX_URL} characters")
    for fault, why in _FAULTS:
        if fault.search(url):
            raise ForbiddenAddress(why)
    found = _URL.fullmatch(url)
    if found is None:
        raise ForbiddenAddress("it is not https://, a name, perhaps a port, and a path")
    scheme = found["scheme"]
    port = int(found["port"] or _DEFAULT_PORT[scheme])
    if not 0 < port <= _MAX_PORT:
        raise ForbiddenAddress(f"there is no port {port}")
    host = found["v6"] or found["host"].lower()
    _judge_spelling(host, is_v6=bool(found["v6"]))
    path = found["path"]
    return scheme, host, port, path if path.startswith("/") else "/" + path


def _judge_spelling(host: str, *, is_v6: bool) -> None:
    """Refuse numbers that some would read as an address, and names that are none."""
    labels = host.split(".")
    if is_v6 or _NUMERIC_LABEL.fullmatch(labels[-1]):
        if parsed(host) is None:
            raise ForbiddenAddress(f"{host} is an odd spelling of an address")
    elif len(host) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise ForbiddenAddress(f"{host} is not a name" + (": it ends in a dot" if host.endswith(".") else ""))


def _judge_service(scheme: str, port: int) -> None:
    """Refuse, where the operator does not allow the network, what is not TLS, and ports of other services."""
    if scheme != "https":
        raise ForbiddenAddress("only https:// goes over the public internet")
    if port not in PORTS:
        raise ForbiddenAddress(f"port {port} is none of {', '.join(map(str, sorted(PORTS)))}")


def _resolved(host: str, port: int, resolve: Resolve) -> tuple[Address, ...]:
    """Give every address of the host, each once; a number is its own address. Names are asked for only here."""
    literal = parsed(host)
    if literal is not None:
        return (literal,)
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        missing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
        if missing:
            raise NoSuchName(f"there is no name {host}") from error
        raise Unresolvable(f"{host} cannot be resolved now") from error
    addresses = tuple(dict.fromkeys(parsed(str(one[4][0])) for one in found))
    if not addresses:
        raise Unresolvable(f"{host} has no address")
    if None in addresses:
        raise ForbiddenAddress(f"{host} leads to what is no address")
    return tuple(address for address in addresses if address is not None)
