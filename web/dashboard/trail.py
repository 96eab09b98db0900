"""The trail: who did what, newest first."""

from flask import Blueprint, render_template, request
from redis import Redis

from runtime import actions
from runtime.settings import Settings
from runtime.streams import place_of


def add_routes(pages: Blueprint, _: Settings, redis: Redis) -> None:
    """Add `/trail`."""

    @pages.get("/trail")
    def trail() -> str:
        after = place_of(request.args.get("after"))
        page = actions.page(redis, after=after)
        return render_template("trail.html", page=page, after=after)
