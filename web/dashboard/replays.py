"""Replays: looking at calls again, one from its page or many; how far each has come, and what it found."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from flask import Blueprint, redirect, render_template, request, url_for
from redis import Redis
from werkzeug.wrappers import Response

from runtime import replays as store
from runtime.deliveries import destinations
from runtime.replay_documents import share
from runtime.replays import Asked, Level, Replay
from runtime.settings import Settings
from telephony.search_terms import spellings
from telephony.selection import Selection
from telephony.words import Outcome
from web.access.trail import made, note
from web.access.trouble import NO_CALL, NOTHING_HERE, Trouble
from web.dashboard.calls import moment_of
from web.dashboard.many_accounts import Offered, whose

NAMES: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.DELIVER: "Deliver again",
        Level.REFETCH: "Ask again",
        Level.RAW: "From the start",
        Level.BACKFILL: "Backfill",
    }
)
LEVELS: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.DELIVER: "Send what was published once more to the destinations that want it.",
        Level.REFETCH: "Look the calls up in the call log, and publish what differs.",
        Level.RAW: "Go through the notifications that are kept once more, then look the calls up.",
    }
)
"""What can be begun here, and what it does; history is brought in by a command."""

_MOST: Final = 50
_SHOWN: Final = 200
"""So much of what one has found is shown."""

_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/replays`, one replay, and what begins and cancels one."""
    names = tuple(account.name for account in settings.accounts)
    _add_pages(pages, redis, names)
    _add_actions(pages, redis, names)


def _add_pages(pages: Blueprint, redis: Redis, names: tuple[str, ...]) -> None:
    @pages.get("/replays", endpoint="replays")
    def every_replay() -> str:
        return _list(redis, names)

    @pages.get("/replays/<account>/<replay_id>")
    def replay(account: str, replay_id: str) -> str:
        found = _found(redis, names, account, replay_id)
        shown = store.findings(redis, account, replay_id, most=_SHOWN)
        meant = {one for each in shown for one in each.destinations}
        held = destinations.held_back(redis, meant) if meant else ()
        return render_template("replay.html", one=found, findings=shown, held=held, share=share(found), names=NAMES)


def _add_actions(pages: Blueprint, redis: Redis, names: tuple[str, ...]) -> None:
    @pages.post("/replays")
    def begin_replay() -> Response | tuple[str, int]:
        typed, level = request.form.get("account", names[0]).strip(), request.form.get("level", "")
        meant, selection = Offered(names).meant_by(typed), _selection()
        if len(meant) != 1:
            return _list(redis, names, fault=_why_not_one(typed, meant)), 422
        if selection.number is not None and not spellings(selection.number):
            return _list(redis, names, fault="The number has no digits."), 422
        if selection.is_backwards:
            return _list(redis, names, fault="The time ends before it begins."), 422
        if level not in LEVELS or selection.is_everything:
            return _list(redis, names, fault="Say which calls: at least since when, or how they ended."), 422
        dry = "dryRun" in request.form
        note(f"{level}{', dry run' if dry else ''}")
        one = store.create(redis, meant[0], Asked(level=Level(level), selection=selection, dry_run=dry))
        made(f"{one.account}/{one.id}")
        return _begun(one)

    @pages.post("/calls/<telephony_session_id>/replay")
    def replay_call(telephony_session_id: str) -> Response:
        account, level = whose(redis, names, telephony_session_id)[0], request.form.get("level", "")
        if level not in LEVELS:
            raise Trouble(NO_CALL)
        note(level)
        selection = Selection(calls=(telephony_session_id,))
        return _begun(store.create(redis, account, Asked(level=Level(level), selection=selection)))

    @pages.post("/replays/<account>/<replay_id>/cancel")
    def cancel_replay(account: str, replay_id: str) -> Response:
        _found(redis, names, account, replay_id)
        store.cancel(redis, account, replay_id)
        return redirect(url_for("dashboard.replay", account=account, replay_id=replay_id, done="cancelled"), 303)


def _list(redis: Redis, names: tuple[str, ...], *, fault: str = "") -> str:
    shown, _ = store.page(redis, names, limit=_MOST)
    choices: dict[str, Any] = {"accounts": Offered(names), "names": NAMES, "levels": LEVELS, "outcomes": tuple(Outcome)}
    return render_template("replays.html", replays=shown, fault=fault, told=request.form, **choices)


def _why_not_one(typed: str, meant: tuple[str, ...]) -> str:
    """Say why it is not known whose calls are meant."""
    if not typed:
        return "Say which account: a replay is of one."
    return (
        f"{len(meant):,} accounts are called like that: a replay is of one."
        if meant
        else f"No account is called {typed}."
    )


def _selection() -> Selection:
    """Read which calls the form means; what is not understood is left out."""
    form = request.form
    outcome = form.get("outcome", "")
    told: dict[str, Any] = {
        "since": moment_of(form.get("since", "")),
        "until": moment_of(form.get("until", "")),
        "number": form.get("number", "").strip() or None,
        "outcomes": [outcome] if outcome in tuple(Outcome) else [],
        "unresolved": "unresolved" in form,
        "failed": "failed" in form,
    }
    return msgspec.convert(told, type=Selection)


def _found(redis: Redis, names: tuple[str, ...], account: str, replay_id: str) -> Replay:
    found = store.load(redis, account, replay_id) if account in names and _ID.fullmatch(replay_id) else None
    if found is None:
        raise Trouble(NOTHING_HERE)
    return found


def _begun(one: Replay) -> Response:
    return redirect(url_for("dashboard.replay", account=one.account, replay_id=one.id, done="replayed"), 303)
