"""Connections of which a request's waits all end by one time, however little arrives in each.

requests bounds each wait by itself: headers that drip would be waited for without end, and so would a compressed body
that unpacks into nothing.
"""

import math
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from workers.final_answer import FinalAnswer
from workers.hurried import Hurried

_KEPT: Final = 10

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def waiting_until(deadline: float) -> Iterator[None]:
    """Have this thread wait for nothing on these connections after `deadline`, by the stopwatch."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


class _InTime(Hurried):
    """A socket of which each wait takes what it may, or what is left of the time."""

    _each: float | None = None

    def settimeout(self, value: float | None) -> None:
        self._each = value
        super().settimeout(value)

    def ends_at(self) -> float:
        return _deadline.get()

    def allow(self, left: float) -> None:
        each = math.inf if self._each is None else self._each
        super().settimeout(None if math.isinf(min(each, left)) else min(each, left))


class _InTimeTls(_InTime, ssl.SSLSocket):
    """The same over TLS."""


class _Http(HTTPConnection):
    response_class = FinalAnswer

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        in_time = _InTime(plain.family, plain.type, plain.proto, plain.detach())
        in_time.settimeout(self.timeout)
        return in_time


class _Https(_Http, HTTPSConnection):
    def connect(self) -> None:
        """Connect as urllib3 does, which makes the same context and, given the certificates, verifies with it."""
        if self.ssl_context is None:
            self.ssl_context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
            self.ssl_context.sslsocket_class = _InTimeTls
        super().connect()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class Connections(HTTPAdapter):
    """Sends requests over such connections, as an adapter of requests; threads may share it. Retries nothing."""

    def __init__(self) -> None:
        super().__init__(pool_connections=_KEPT, pool_maxsize=_KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have it make our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
