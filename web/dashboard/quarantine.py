"""Quarantine: notifications that could not be read, and what can be done with them."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from redis import Redis
from werkzeug.wrappers import Response as AnyResponse

from runtime import quarantine as store
from runtime.settings import Settings
from runtime.streams import place_of
from web.access.trouble import NOT_HELD, NOTHING_HERE, Kind, Trouble
from web.dashboard.many_accounts import Offered

_SHOWN: Final = 4000
"""Characters of a body that the list shows: fifty whole ones may be twelve megabytes, and an open page asks often."""


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/quarantine` and its actions."""
    names = tuple(account.name for account in settings.accounts)

    @pages.get("/quarantine")
    def quarantine() -> str:
        held = store.held(redis, names)
        account = _meant(names, held, request.args.get("account", "").strip())
        page = store.page(redis, account, after=place_of(request.args.get("after")))
        shown = {*held, account}
        offered = Offered(tuple(one for one in names if one in shown))
        told = {"account": account, "accounts": offered, "several": len(names) > 1, "held": held}
        return render_template("quarantine.html", page=page, **told, most=_SHOWN)

    @pages.get("/quarantine/<account>/<entry_id>")
    def quarantined(account: str, entry_id: str) -> Response:
        _judge(account in names)
        body = store.body_of(redis, account, entry_id) if place_of(entry_id) is not None else None
        _judge(body is not None, otherwise=NOT_HELD)
        return Response(body, content_type="text/plain; charset=utf-8")

    @pages.post("/quarantine/<account>/<entry_id>/read-again")
    def read_again(account: str, entry_id: str) -> AnyResponse:
        _judge(account in names)
        _judge(place_of(entry_id) is not None and store.read_again(redis, account, entry_id), otherwise=NOT_HELD)
        return _back(account, "read-again")

    @pages.post("/quarantine/<account>/<entry_id>/discard")
    def discard(account: str, entry_id: str) -> AnyResponse:
        _judge(account in names)
        _judge(place_of(entry_id) is not None and store.discard(redis, account, entry_id), otherwise=NOT_HELD)
        return _back(account, "discarded")


def _meant(names: Sequence[str], held: Sequence[str], typed: str) -> str:
    """Give the account of this name, or of several with such a one the first that holds something. Raises Trouble."""
    meant = Offered(tuple(names)).meant_by(typed)
    _judge(bool(meant))
    return next((one for one in held if one in meant), meant[0])


def _judge(is_there: bool, *, otherwise: Kind = NOTHING_HERE) -> None:  # noqa: FBT001 - the one question it is about
    if not is_there:
        raise Trouble(otherwise)


def _back(account: str, done: str) -> AnyResponse:
    return redirect(url_for("dashboard.quarantine", account=account, done=done), 303)
