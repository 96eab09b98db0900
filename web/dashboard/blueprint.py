"""All of the dashboard: its door, its pages, and what every page knows."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, Response, g, request, url_for
from redis import Redis

from runtime.clocks import wall_clock
from runtime.settings import Settings
from web.access.door import add_door
from web.access.entry import Entry
from web.access.trouble import add_trouble
from web.access.visitors import visitor
from web.dashboard import accounts, call, calls, completeness, destinations, now, quarantine, replays, trail
from web.dashboard.many_accounts import call_at
from web.dashboard.notices import notice
from web.dashboard.now import Parts
from web.dashboard.tones import LEGEND, tone
from web.dashboard.writing import FILTERS

PAGES: Final = (
    ("now", "Now", "now"),
    ("calls", "Calls", "call"),
    ("destinations", "Destinations", "send"),
    ("completeness", "Completeness", "check"),
    ("replays", "Replays", "replay"),
    ("quarantine", "Quarantine", "alert"),
    ("accounts", "Accounts", "account"),
    ("trail", "Trail", "list"),
)
"""Route, name and icon of what the navigation shows."""

_STATIC: Final = Path(__file__).parent / "static"
_YEAR: Final = 365 * 86400


def add_dashboard(app: Flask, settings: Settings, redis: Redis, entry: Entry) -> Callable[[], Parts]:
    """Add the dashboard, and give what draws the parts of *Now*. `redis` may take its time: only people wait for it."""
    pages = Blueprint(
        "dashboard", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )
    add_door(pages, entry)
    add_trouble(pages)
    parts = now.add_routes(pages, settings, redis, completeness.add_routes(pages, settings, redis))
    for part in (calls, call, destinations, replays, quarantine, accounts, trail):
        part.add_routes(pages, settings, redis)
    pages.context_processor(known_to_all)
    pages.after_request(_keep_static)
    for name, write in FILTERS.items():
        pages.add_app_template_filter(write, name)
    pages.add_app_template_filter(tone, "tone")
    pages.add_app_template_global(call_at([account.name for account in settings.accounts]), "call_at")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)

    def draw() -> Parts:
        with app.test_request_context("/"):  # for the addresses of the pages it names
            return parts()

    return draw


def known_to_all() -> dict[str, Any]:
    """Give what every page knows. `bare`: only its parts that change are asked for, by a page that is open.

    `now` is when it is written (seconds): the reader's clock may be another.
    """
    return {
        "pages": PAGES,
        "visitor": visitor(),
        "form_token": g.get("form_token", ""),
        "bare": "X-Parts" in request.headers,
        "now": f"{wall_clock():.3f}",
        "notice": notice(request.args.get("done", "")),
        "legend": LEGEND,
        "asset": _asset,
    }


def _asset(name: str) -> str:
    """Give the address of a static file, which changes with its content."""
    return url_for("dashboard.static", filename=name, v=_digests()[name])


@cache
def _digests() -> Mapping[str, str]:
    """Tell the static files there are from those of other versions."""
    files = (file for file in _STATIC.rglob("*") if file.is_file())
    digest = partial(hashlib.blake2b, digest_size=6)
    return {file.relative_to(_STATIC).as_posix(): digest(file.read_bytes()).hexdigest() for file in files}


def _keep_static(response: Response) -> Response:
    """Let browsers keep a static file for as long as its address is the same.

    While two versions run side by side, one is asked for files of the other; nobody keeps what it has in their place.
    """
    version = request.args.get("v")
    if request.endpoint == "dashboard.static" and version:
        filename = (request.view_args or {}).get("filename", "")
        if _digests().get(filename) == version:
            response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    return response
