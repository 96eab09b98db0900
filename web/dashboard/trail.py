"""The trail: who did what, newest first."""

import re
from typing import Final

from flask import Blueprint, render_template, request
from redis import Redis

from runtime import actions
from runtime.settings import Settings

_PLACE: Final = re.compile(r"\d{1,15}-\d{1,15}", re.ASCII)


def add_routes(pages: Blueprint, _: Settings, redis: "Redis") -> None:
    """Add `/trail`."""

    @pages.get("/trail")
    def trail() -> str:
        after = request.args.get("after", "")
        page = actions.page(redis, after=after if _PLACE.fullmatch(after) else None)
        return render_template("trail.html", page=page, after=after)
