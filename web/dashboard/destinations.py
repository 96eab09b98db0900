"""Destinations: who is told, how they fare, and everything that can be done about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from flask import Blueprint, redirect, render_template, request, url_for
from redis import Redis
from werkzeug.wrappers import Response

from runtime.deliveries import attempts, backlog, destinations, redrive
from runtime.deliveries.attempts import Attempt
from runtime.deliveries.destination_urls import why_not
from runtime.deliveries.redrive import Redrive
from runtime.settings import Settings
from runtime.showing import glance
from runtime.streams import place_of
from telephony.destination_faults import faults
from telephony.destinations import Changes, DestinationState, Draft, Include
from telephony.operator_events import SUBJECT
from telephony.trial import is_trial
from telephony.words import OUTCOME_MEANINGS
from web.access.trail import made
from web.access.trouble import READ_ONLY, Trouble
from web.access.visitors import visitor
from web.dashboard.many_accounts import Offered

_ATTEMPTS: Final = 25

INCLUDES: Final[Mapping[Include, str]] = MappingProxyType(
    {
        Include.OUTCOME: "Outcomes, from the call log",
        Include.ENDED: "Ends, at once, from the notifications",
        Include.BOTH: "Both",
    }
)


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/destinations`, one destination, and its actions."""
    _add_pages(pages, redis)
    _add_new(pages, settings, redis)
    _add_switches(pages, redis)
    _add_sending(pages, redis)
    _add_secrets(pages, settings, redis)


def _add_pages(pages: Blueprint, redis: Redis) -> None:
    @pages.get("/destinations", endpoint="destinations")
    def every_destination() -> str:
        return render_template("destinations.html", rows=glance.delivering(redis))

    @pages.get("/destinations/<destination_id>")
    def destination(destination_id: str) -> str:
        one = destinations.known(redis, destination_id)
        after = place_of(request.args.get("after"))
        read = attempts.page(redis, destination_id, after=after, limit=_ATTEMPTS)
        status = backlog.status(redis, destination_id)
        told = {"one": one, "status": status, "attempts": read, "after": after}
        return render_template("destination.html", **told, about=_about, includes=INCLUDES)


def _add_new(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    @pages.get("/destinations/new")
    def new_destination() -> str:
        who = visitor()
        if who is None or not who.may_act:
            raise Trouble(READ_ONLY)
        return _form(settings, {}, {})

    @pages.post("/destinations")
    def add_destination() -> str | tuple[str, int]:
        draft = _draft()
        wrong = _faults(draft, settings)
        if wrong:
            return _form(settings, request.form, wrong), 422
        one, secret = destinations.create(redis, draft, keys=settings.secrets_keys)
        made(one.id)
        return render_template("destination_secret.html", one=one, secret=secret, is_new=True), 201


def _add_switches(pages: Blueprint, redis: Redis) -> None:
    @pages.post("/destinations/<destination_id>/pause")
    def pause_destination(destination_id: str) -> Response:
        destinations.update(redis, destination_id, Changes(state=DestinationState.PAUSED))
        return _back(destination_id, "paused")

    @pages.post("/destinations/<destination_id>/resume")
    def resume_destination(destination_id: str) -> Response:
        destinations.update(redis, destination_id, Changes(state=DestinationState.ACTIVE))
        return _back(destination_id, "resumed")

    @pages.post("/destinations/<destination_id>/remove")
    def remove_destination(destination_id: str) -> Response:
        destinations.delete(redis, destination_id)
        return redirect(url_for("dashboard.destinations", done="removed"), 303)


def _add_sending(pages: Blueprint, redis: Redis) -> None:
    @pages.post("/destinations/<destination_id>/redrive")
    def send_again(destination_id: str) -> Response:
        held = _held(redis, destination_id)
        count = redrive.redrive(redis, destination_id, Redrive(), dry_run=False)
        if count:
            return _back(destination_id, f"redriven{held}")
        is_any_given_up = backlog.status(redis, destination_id).dead > 0
        return _back(destination_id, "nothing-held" if is_any_given_up else "nothing-failed")

    @pages.post("/destinations/<destination_id>/test")
    def send_test(destination_id: str) -> Response:
        held = _held(redis, destination_id)
        redrive.send_test(redis, destination_id)
        return _back(destination_id, f"tested{held}")


def _add_secrets(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    @pages.post("/destinations/<destination_id>/rotate")
    def rotate_secret(destination_id: str) -> str:
        one = destinations.known(redis, destination_id)
        secret = destinations.rotate(redis, destination_id, keys=settings.secrets_keys)
        return render_template("destination_secret.html", one=one, secret=secret, is_new=False)


def _draft() -> Draft:
    """Read the form. Words of ours that it does not offer are refused by the type; who sends them wrote their own."""
    form = request.form
    told: dict[str, Any] = {
        "url": form.get("url", "").strip(),
        "description": form.get("description", "").strip(),
        "include": form.get("include", Include.OUTCOME),
        "outcomes": form.getlist("outcomes"),
        "directions": form.getlist("directions"),
        "accounts": [one for text in form.getlist("accounts") for one in _listed(text)],
        "extensions": _listed(form.get("extensions", "")),
        "numbers": _listed(form.get("numbers", "")),
        "createOnly": "createOnly" in form,
        "mask": "mask" in form,
    }
    try:
        return msgspec.convert(told, type=Draft)
    except msgspec.ValidationError:
        return Draft(url="")


def _faults(draft: Draft, settings: Settings) -> dict[str, str]:
    """Say of each field of the form what is wrong with it."""
    names = frozenset(account.name for account in settings.accounts)
    wrong = {pointer.split("/")[1]: why for pointer, why in faults(draft, names)}
    why = why_not(draft.url, settings.allow_private_destinations)
    return wrong | ({"url": why} if why else {})


def _form(settings: Settings, told: Any, wrong: dict[str, str]) -> str:
    accounts = Offered(tuple(account.name for account in settings.accounts))
    told = {"told": told, "wrong": wrong, "accounts": accounts}
    return render_template("destination_new.html", **told, outcomes=OUTCOME_MEANINGS, includes=INCLUDES)


def _about(attempt: Attempt) -> str:
    """Say what was sent, where it was no call's event."""
    if is_trial(attempt.event_id):
        return "a test"
    return "an alert" if attempt.event_id.startswith(SUBJECT) else ""


def _held(redis: Redis, destination_id: str) -> str:
    """Say how the notice of what is asked to be sent ends: whether anything is sent there now.

    To be called before it is asked for: that rings the bell that tells until when the destination is left alone.
    """
    if destinations.known(redis, destination_id).state is not DestinationState.ACTIVE:
        return "-later"
    return "" if destinations.left_alone_until(redis, destination_id) is None else "-alone"


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _back(destination_id: str, done: str) -> Response:
    return redirect(url_for("dashboard.destination", destination_id=destination_id, done=done), 303)
