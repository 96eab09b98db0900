"""Server-Sent Events as they are written: by the stream for programs, and by what dashboards are told.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from typing import Final

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
HEADERS: Final = {"X-Accel-Buffering": "no"}
MOST_BYTES: Final = 1024 * 1024
"""What one answer tells, or little more; then it ends, and whoever listens comes again by itself.

The server keeps what is not taken. So this is all that somebody who takes nothing can have it keep.
"""

CLOSE: Final = ("Connection", "close")
"""A stream's connection ends with it: so the server can tell that all of it was taken."""

BEAT: Final = b": all is well\n\n"


def event(kind: str, document: bytes, place: str | None = None) -> bytes:
    """Write one event. Our JSON has no line breaks, so it is one line of data."""
    told = f"event: {kind}\nid: {place}\n" if place else f"event: {kind}\n"
    return b"%bdata: %b\n\n" % (told.encode(), document)


def at(place: str) -> bytes:
    """Say from where whoever is cut off goes on, though nothing was told yet: an id alone is no event, but is kept."""
    return b"id: %b\n\n" % place.encode()


def retry(seconds: float) -> bytes:
    """Say after how long whoever was cut off comes again."""
    return b"retry: %d\n\n" % int(seconds * 1000)
