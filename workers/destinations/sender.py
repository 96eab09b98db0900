"""Send one event to one endpoint, within a time and a size, and say what came of it. No retries here."""

from collections.abc import Sequence
from http.client import HTTPException
from typing import Final

from requests import Response
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from runtime.clocks import stopwatch
from runtime.deliveries.name_lookup import NameLookup
from runtime.deliveries.url_guard import ForbiddenAddress, Resolve, Target, Unresolvable, check
from runtime.setting_values import Network
from runtime.version import USER_AGENT
from workers.destinations.connections import Connections, StaleConnection, tls_context
from workers.destinations.signing import BrokenSecret, signed_headers
from workers.destinations.verdicts import Answer, Verdict, chain, judge_error, judge_status
from workers.ringcentral.headers import retry_after

MOST_READ: Final = 16 * 1024
"""Bytes of an answer's body that are read; what is longer is cut off together with its connection."""

_EXCERPT: Final = 1000
_HEADERS: Final = {
    "Content-Type": "application/json",
    "User-Agent": USER_AGENT,
    "Accept-Encoding": "identity",
}
_LEAST_SECONDS: Final = 0.001


class _Sent:
    """How far an attempt has come: what is known of it even if it fails."""

    def __init__(self, total: float) -> None:
        self._begun = stopwatch()
        self._total = total
        self.status: int | None = None

    @property
    def seconds(self) -> float:
        return stopwatch() - self._begun

    @property
    def left(self) -> float:
        return max(_LEAST_SECONDS, self._total - self.seconds)


class Sender:
    """Posts events, and keeps connections for the next ones. Threads may share it.

    `allow` are the private networks that may be reached; `total` seconds are for all of an attempt, the answer's body
    included, of which connecting, TLS and all, gets `connect_timeout`. `authorities` is a file of certificates to
    trust besides the usual ones.
    """

    def __init__(
        self,
        allow: Sequence[Network],
        *,
        connect_timeout: float = 3.0,
        total: float = 10.0,
        resolve: Resolve | None = None,
        authorities: str | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._connect_timeout = connect_timeout
        self._total = total
        self._resolve = resolve or NameLookup(connect_timeout)
        self._connections = Connections(tls_context(authorities))

    def send(self, url: str, event_id: str, body: bytes, secrets: Sequence[str], *, now: float) -> Answer:
        """Make one attempt, signed with all `secrets` as of `now`. Raises nothing for whatever the other side does.

        What is connected to was judged a moment before. An answer counts when it is whole, or has been read as far as
        we read: a success that is cut short is sent again, for the receiver knows it by its id.
        """
        sent = _Sent(self._total)
        try:
            headers = {**_HEADERS, **signed_headers(event_id, body, secrets, now=now)}
            target = check(url, self._allow, self._resolve)
            with self._posted(target, headers, body, sent) as response:
                sent.status = response.status_code
                return _answer(response, _read(response), sent.seconds)
        except (ForbiddenAddress, Unresolvable, BrokenSecret, OSError, HTTPError, HTTPException) as error:
            verdict, blame, what = judge_error(error)
            return Answer(verdict=verdict, blame=blame, status=sent.status, seconds=sent.seconds, error=what)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()

    def _posted(self, target: Target, headers: dict[str, str], body: bytes, sent: _Sent) -> Response:
        """Post to the first address that can be connected to; on a new connection if the one that was kept is dead."""
        *others, last = target.addresses
        for address in others:
            try:
                return self._post(target, address, headers, body, sent)
            except OSError as error:
                if not _is_unconnected(error):
                    raise
        return self._post(target, last, headers, body, sent)

    def _post(self, target: Target, address: str, headers: dict[str, str], body: bytes, sent: _Sent) -> Response:
        try:
            return self._connections.post(target, address, headers, body, self._wait(sent))
        except OSError as error:
            if not any(isinstance(cause, StaleConnection) for cause in chain(error)):
                raise
        return self._connections.post(target, address, headers, body, self._wait(sent))

    def _wait(self, sent: _Sent) -> Timeout:
        left = sent.left
        return Timeout(connect=min(self._connect_timeout, left), total=left)


def _is_unconnected(error: OSError) -> bool:
    return any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in chain(error))


def _read(response: Response) -> bytes:
    """Read the body as it comes, so that a slow drip meets the deadline; nothing is unpacked."""
    body = bytearray()
    while len(body) < MOST_READ:
        chunk = response.raw.read1(MOST_READ - len(body), decode_content=False)
        if not chunk:
            break
        body += chunk
    return bytes(body)


def _answer(response: Response, body: bytes, seconds: float) -> Answer:
    verdict, blame = judge_status(response.status_code)
    return Answer(
        verdict=verdict,
        blame=blame,
        status=response.status_code,
        seconds=seconds,
        excerpt=_excerpt(body, response.headers.get("Content-Encoding", "")),
        retry_after=None if verdict is Verdict.DELIVERED else retry_after(response.headers),
    )


def _excerpt(body: bytes, encoding: str) -> str:
    """Give what people may want to see of a body."""
    if encoding.lower() not in {"", "identity"}:
        return f"({len(body)} bytes or more, packed)"
    return body[:_EXCERPT].decode(errors="replace")
