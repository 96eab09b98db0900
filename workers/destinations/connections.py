"""Connections to addresses that were judged: kept, each wait bounded as a whole, certificates held against the name.

requests connects to the address in the URL; the name it stands for is in the Host header, and TLS is told that name. So
no name is resolved here at all, and none can lead elsewhere than where the guard looked.
"""

import logging
import math
import socket
import ssl
from collections.abc import Callable, Mapping
from http import client
from typing import Any, Final, TypeVar

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

from runtime.clocks import stopwatch
from runtime.deliveries.url_guard import Target
from workers.final_answer import FinalAnswer
from workers.hurried import Hurried

MOST_RECEIVED: Final = 96 * 1024
"""Bytes of one answer, headers and all, after which the connection is given up."""

_LEAST_SECONDS: Final = 0.001
_DESTINATIONS: Final = 100
_EACH: Final = 64

T = TypeVar("T")


class StaleConnection(ConnectionError):
    """A kept connection turned out to be closed when it was used again: nobody refused what was sent."""


class _Bounded(Hurried):
    """A socket whose waits all end at `deadline`, however little arrives in each, and which takes only so much."""

    deadline = math.inf
    allowance = MOST_RECEIVED

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        received = super().recv_into(*args, **kwargs)
        self.allowance -= received
        if self.allowance < 0:
            raise client.HTTPException("the answer is too long")
        return received

    def ends_at(self) -> float:
        return self.deadline


class _BoundedTls(_Bounded, ssl.SSLSocket):
    """The same over TLS."""


class _Http(HTTPConnection):
    """A connection of which connecting, sending and receiving each end in time. urllib3 sets `timeout` before each."""

    response_class = FinalAnswer
    _has_answered = False

    def _new_conn(self) -> socket.socket:
        """Connect. What is left of the time is for the handshake."""
        self._has_answered = False  # urllib3 connects again with what was closed
        begun = stopwatch()
        plain = super()._new_conn()
        bounded = _Bounded(plain.family, plain.type, plain.proto, plain.detach())
        bounded.settimeout(max(_LEAST_SECONDS, (self.timeout or 0) - (stopwatch() - begun)))
        return bounded

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._start_waiting()
        self._unless_stale(lambda: super(_Http, self).request(*args, **kwargs))

    def getresponse(self) -> Any:
        self._start_waiting()
        response = self._unless_stale(super().getresponse)
        self._has_answered = True
        return response

    def _start_waiting(self) -> None:
        sock = self.sock
        if isinstance(sock, _Bounded):
            sock.deadline = stopwatch() + (self.timeout or 0)
            sock.allowance = MOST_RECEIVED

    def _unless_stale(self, use: Callable[[], T]) -> T:
        try:
            return use()
        except (ConnectionError, ssl.SSLError) as error:
            if self._has_answered:
                raise StaleConnection("a kept connection was closed by the other side") from error
            raise


class _Https(_Http, HTTPSConnection):
    """The same over TLS."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


def tls_context(authorities: str | None = None) -> ssl.SSLContext:
    """Trust whom requests trusts, whom this machine trusts, and `authorities`, a file of certificates."""
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _BoundedTls
    return context


class _Post(PreparedRequest):
    """A request that knows the name its address stands for."""

    name = ""


class Connections(HTTPAdapter):
    """Sends requests to addresses, as an adapter of requests; threads may share it. Retries nothing."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        # Its warnings tell of odd headers, as often as an endpoint likes, with the whole URL, which may hold a token.
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
        super().__init__(pool_connections=_DESTINATIONS, pool_maxsize=_EACH, max_retries=0)

    def post(self, target: Target, address: str, headers: Mapping[str, str], body: bytes, wait: Timeout) -> Response:
        """Post to `address`, one of the target's, and give the answer as soon as its headers are there.

        Raises what requests raises. The answer's body is to be read from `raw`, and the answer to be closed.
        """
        request = _Post()
        where = f"[{address}]" if ":" in address else address
        url = f"{target.scheme}://{where}:{target.port}{target.path}"
        request.prepare("POST", url, headers={**headers, "Host": target.authority}, data=body)
        request.name = target.host
        return self.send(request, stream=True, timeout=wait)  # type: ignore[arg-type] # requests takes urllib3's Timeout

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have it make our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        """Tell TLS the name, and keep connections apart by address and name."""
        place, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        if place["scheme"] != "https" or not isinstance(request, _Post):
            return place, {}
        return place, {"ssl_context": self._context, "server_hostname": request.name}

    def close(self) -> None:
        """Close what is kept now, rather than when nobody remembers it any more."""
        for place in self.poolmanager.pools.keys():  # noqa: SIM118 - it is not a mapping, and locks itself
            pool = self.poolmanager.pools.get(place)
            if pool is not None:
                pool.close()
        super().close()

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Leave the certificates to the context, which always verifies them, and is not read anew each time."""
