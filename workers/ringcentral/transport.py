"""Send one request over HTTP and read its answer, within a time and a size. No retries here, and none beneath."""

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from traceback import clear_frames
from typing import Final

import msgspec
import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from runtime.clocks import stopwatch
from runtime.version import USER_AGENT
from workers.ringcentral.answers import Answer
from workers.ringcentral.connections import Connections, waiting_until
from workers.ringcentral.errors import NotSent, Unavailable

_CHUNK: Final = 64 * 1024


class Bounds(msgspec.Struct, frozen=True):
    """How long a request may take (seconds), from connecting to the body's last byte, and how long the body may be."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 30.0
    body: int = 64 * 1024 * 1024


class Request(msgspec.Struct, frozen=True):
    """One request. Its `repr` shows neither the headers, which hold the token, nor the body."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url})"


def new_session() -> requests.Session:
    """Make a session that keeps connections, and nothing else: no cookies, proxies or .netrc, no retries."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = Connections()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
    return session


class Transport:
    """Sends requests one by one through a session."""

    def __init__(self, session: requests.Session | None = None, bounds: Bounds | None = None) -> None:
        self._session = session or new_session()
        self._bounds = bounds or Bounds()

    def send(self, request: Request) -> Answer:
        """Send `request` and read the whole answer, whatever its status. Raises Unavailable when there is none."""
        try:
            with (
                waiting_until(stopwatch() + self._bounds.total),
                self._session.request(
                    request.method,
                    request.url,
                    params=request.params,
                    headers=request.headers,
                    data=request.body or None,
                    timeout=(self._bounds.connect, self._bounds.read),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, self._body(response))
        except (OSError, HTTPError) as error:  # what requests raises is an OSError, too
            _empty_frames(error)
            if _never_connected(error):
                raise NotSent(f"no connection for {request.method} {request.url}") from error
            late = isinstance(error, requests.ReadTimeout | ReadTimeoutError | TimeoutError)
            what = f"no answer to {request.method} {request.url} ({type(error).__name__})"
            raise Unavailable(what, late=late) from error

    def _body(self, response: requests.Response) -> bytes:
        """Read the body as it comes, so that a flood meets the limit."""
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._bounds.body:
                raise Unavailable("the body is too long, with", status=response.status_code)
        return bytes(body)


def _empty_frames(error: BaseException | None) -> None:
    """Empty the frames that an error came through, for urllib3's hold the error, and all hold those that called them.

    Else what callers hold, as the thousands of records of a sweep, stays until the collector of cycles comes by.
    """
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__context__


def _never_connected(error: Exception) -> bool:
    """Say whether there was no connection, so that nothing can have been sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    return isinstance(error, requests.ConnectionError) and any(
        isinstance(getattr(cause, "reason", None), NewConnectionError) for cause in error.args
    )
