"""The outcome log over HTTP, for who cannot read the Redis stream."""

from typing import Final

import msgspec
from flask import Blueprint, Response
from redis import Redis

from runtime import outcome_log
from telephony.events import CallEvent
from web.api import asked
from web.api.answers import Page, page
from web.api.described import described

_BEGINNING: Final = "0-0"


def add_routes(api: Blueprint, redis: Redis) -> None:
    """Add `GET /outcomes`."""

    @api.get("/outcomes")
    @described(
        "The events in the order of their publication, word for word.",
        parameters=asked.FromPlace,
        answers={200: Page[CallEvent]},
    )
    def outcomes() -> Response:
        wanted = asked.parameters_as(asked.FromPlace)
        limit, after = wanted.limit, wanted.after or _BEGINNING
        entries = outcome_log.after(redis, after, most=limit + 1)
        shown = entries[:limit]
        following = shown[-1].place if len(entries) > limit else None
        return page([msgspec.Raw(entry.document) for entry in shown], following)
