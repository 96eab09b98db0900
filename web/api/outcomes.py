"""The outcome log over HTTP, for who cannot read the Redis stream."""

import re
from typing import Final

import msgspec
from flask import Blueprint, Response
from redis import Redis

from runtime import outcome_log
from web.api import asked
from web.api.answers import page

_PLACE: Final = re.compile(r"\d{1,15}-\d{1,15}", re.ASCII)
_BEGINNING: Final = "0-0"


def add_routes(api: Blueprint, redis: "Redis") -> None:
    """Add `GET /outcomes`."""

    @api.get("/outcomes")
    def outcomes() -> Response:
        asked.know_parameters("after", "limit")
        limit, after = asked.limit(), asked.after(_PLACE) or _BEGINNING
        entries = outcome_log.after(redis, after, most=limit + 1)
        shown = entries[:limit]
        following = shown[-1].place if len(entries) > limit else None
        return page([msgspec.Raw(entry.document) for entry in shown], following)
