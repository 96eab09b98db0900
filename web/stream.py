"""`GET /api/v1/stream`: the outcome log and what happens during calls, as Server-Sent Events.

An event's id is its place in the log; with `Last-Event-ID` a watcher goes on where it was cut off. What happens during
calls has no id, and may be missed. History that was brought in without telling anybody is told to nobody here, either.

Watching never takes the threads that notifications need: a process has few seats, a seat is held for a while only, and
whoever finds none is told at once what is new and asked to come again in two seconds, which every EventSource does by
itself. docs/adr/0013-watchers-have-few-seats.md has the figures.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, request
from redis import Redis

from runtime import outcome_log, streams
from runtime.clocks import stopwatch
from web.api import asked
from web.api.described import described
from web.hub import Hub, News
from web.server_sent import BEAT, CONTENT_TYPE, HEADERS, MOST_BYTES, at, event, retry

SEAT_SECONDS: Final = 55.0
"""How long a seat is held; then it is somebody else's turn. Proxies cut off what is silent for a minute."""

BEAT_SECONDS: Final = 10.0
"""How often a silent watcher is told that all is well; a vanished one is noticed by it."""

SEATED_RETRY: Final = 0.5
STANDING_RETRY: Final = 2.0

_PAGE: Final = 50


class FromEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where the stream is told."""

    after: (
        Annotated[str, msgspec.Meta(description="Go on after this place of the log.", pattern=asked.PLACE)] | None
    ) = None


def add_routes(api: Blueprint, redis: Redis, hub: Hub) -> None:
    """Add `GET /stream`."""

    @api.get("/stream")
    @described(
        "Events as they are published, and what happens during calls, as Server-Sent Events.",
        parameters=FromEvent,
        headers={"Last-Event-ID": "Go on after this event; what an EventSource sends by itself."},
        answers={200: "text/event-stream"},
    )
    def stream() -> Response:
        after = asked.parameters_as(FromEvent).after
        place = streams.place_of(request.headers.get("Last-Event-ID")) or after
        number, end = hub.now()
        watcher = Watcher(redis, hub, number=number, place=place or end)
        return Response(watcher.told(), headers=HEADERS, content_type=CONTENT_TYPE)


class Watcher:
    """One request of somebody who watches: how far they have read the ring (`number`) and the log (`place`)."""

    def __init__(self, redis: Redis, hub: Hub, *, number: int, place: str) -> None:
        self._redis = redis
        self._hub = hub
        self._number = number
        self._place = place
        self._left = MOST_BYTES

    def told(self) -> Iterator[bytes]:
        """Give what is sent, until the seat is somebody else's or that is enough for one answer."""
        with self._hub.seat() as seated:
            yield retry(SEATED_RETRY if seated else STANDING_RETRY) + at(self._place)
            if (yield from self._missed()):
                yield from self._as_it_comes() if seated else self._just_now()
            else:
                yield retry(SEATED_RETRY)

    def _missed(self) -> Generator[bytes, None, bool]:
        """Tell what the log has after the watcher's place, and give whether more can be told.

        Nothing is read when the place is the log's end.
        """
        while self._left > 0 and streams.order(self._place) < streams.order(self._hub.now()[1]):
            entries = outcome_log.after(self._redis, self._place, most=_PAGE)
            if not entries:
                break
            self._place = entries[-1].place
            self._left -= sum(len(one.document) for one in entries if not one.deliver)  # they take their time as well
            told = (event(outcome_log.type_of(one.document), one.document, one.place) for one in entries if one.deliver)
            yield self._counted(told) or at(self._place)
        return self._left > 0

    def _as_it_comes(self) -> Iterator[bytes]:
        until = stopwatch() + SEAT_SECONDS
        while (left := until - stopwatch()) > 0 and self._left > 0 and not self._hub.is_stopping:
            news = self._hub.after(self._number, wait=min(BEAT_SECONDS, left))
            fell_behind = bool(news) and news[0].number > self._number + 1
            if fell_behind and not (yield from self._missed()):
                return
            yield self._counted(map(_written, self._new(news))) or BEAT
            self._number = news[-1].number if news else self._number

    def _just_now(self) -> Iterator[bytes]:
        """Tell what happened during calls since the watcher will have asked last."""
        since = stopwatch() - STANDING_RETRY - SEATED_RETRY
        yield b"".join(_written(one) for one in self._hub.after(0) if one.place is None and one.at >= since)

    def _counted(self, events: Iterable[bytes]) -> bytes:
        told = b"".join(events)
        self._left -= len(told)
        return told

    def _new(self, news: tuple[News, ...]) -> Iterator[News]:
        for one in news:
            if one.place is None or streams.order(one.place) > streams.order(self._place):
                self._place = one.place or self._place
                yield one


def _written(news: News) -> bytes:
    return event(news.type, news.document, news.place)
