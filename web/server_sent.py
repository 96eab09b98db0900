"""Server-Sent Events as they are written: by the stream for programs, and by what dashboards are told.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from typing import Final

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
HEADERS: Final = {"X-Accel-Buffering": "no"}
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
