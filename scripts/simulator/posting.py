"""Post to a webhook as RingCentral does: three seconds, 200 and nothing else, a reply of at most 1,024 bytes."""

import http.client
import select
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

TIMEOUT_SECONDS = 3.0
OK = 200  # the one status RingCentral takes
LONGEST_REPLY = 1024  # bytes, headers and body together
USER_AGENT = "RingCentral-Webhook/8.3"
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "UTF-8",
    "Content-Type": "application/json; charset=UTF-8",
    "User-Agent": USER_AGENT,
}


class Reply(Struct, frozen=True):
    """What the webhook answered."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    size: int

    @property
    def too_long(self) -> bool:
        """Say whether RingCentral would refuse to read it."""
        return self.size > LONGEST_REPLY


class UnreachableError(Exception):
    """No answer came: refused, cut off, or too late."""


class Poster:
    """Post over one kept-alive connection per host. For use by one thread.

    `http.client` rather than requests: a notification costs a third of the CPU, and
    the raw size of a reply, which RingCentral limits, can be seen.
    """

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send once, never again, and give the answer; raise UnreachableError when there is none."""
        url = urlsplit(address)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection = self._connection(url)
            connection.request("POST", path, body, {**_HEADERS, **headers})
            answer = connection.getresponse()
            content = answer.read(LONGEST_REPLY + 1)
            whole = answer.isclosed() or not answer.read(1)
        except (OSError, http.client.HTTPException, UnicodeError) as fault:
            self._forget(url)
            raise UnreachableError(f"I/O operation is failed. Details: [{fault!r}]") from fault
        if not whole:
            connection.close()
        fields = answer.getheaders()
        size = len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n") + len(content)
        size += sum(len(name) + len(value) + 4 for name, value in fields)
        return Reply(answer.status, {name.lower(): value for name, value in fields}, size)

    def _forget(self, url: SplitResult) -> None:
        """Close a connection whose state is unknown."""
        connection = self._connections.pop((url.scheme, url.netloc), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _connection(self, url: SplitResult) -> http.client.HTTPConnection:
        key = (url.scheme, url.netloc)
        connection = self._connections.get(key)
        if connection is None:
            kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
            connection = self._connections[key] = kind(url.netloc, timeout=TIMEOUT_SECONDS)
        elif connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the other side closed it while idle; the next request opens a new one
        return connection
