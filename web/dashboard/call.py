"""One call: its time line, its legs, why each value is what it is, and what can be done about it."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, render_template
from redis import Redis

from runtime.deliveries import attempts, destinations
from runtime.settings import Settings
from runtime.showing import call_history
from runtime.showing.call_document import state
from runtime.showing.call_history import CallHistory
from telephony import endings
from telephony.call_outcome import CallOutcome
from telephony.events import CallData
from telephony.explanations import Explanation
from web.access.trouble import ERASED, Trouble
from web.dashboard.live_states import live_state
from web.dashboard.many_accounts import whose
from web.dashboard.picture import picture
from web.dashboard.replays import LEVELS, NAMES
from web.dashboard.timeline import moments
from web.dashboard.writing import pretty

_FIRST: Final = ("outcome", "callerStatus", "calleeStatus", "direction", "from.phoneNumber", "to.phoneNumber")
"""What people ask about first is explained first; the rest is folded away."""

_NOT_A_RINGOUT: Final = "not-a-ringout"


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/calls/<id>` and its events as JSON."""
    names = tuple(account.name for account in settings.accounts)

    @pages.get("/calls/<telephony_session_id>")
    def call(telephony_session_id: str) -> str:
        account, *others = whose(redis, names, telephony_session_id)
        return _page(redis, read(redis, account, telephony_session_id), others)

    @pages.get("/calls/<telephony_session_id>/events.json")
    def call_events(telephony_session_id: str) -> Response:
        history = read(redis, whose(redis, names, telephony_session_id)[0], telephony_session_id)
        return Response(pretty(history.events), content_type="application/json")


def read(redis: Redis, account: str, telephony_session_id: str) -> CallHistory:
    """Read what an account knows of a call. Raises Trouble when it was erased."""
    history = call_history.read(redis, account, telephony_session_id)
    if history.is_erased:
        raise Trouble(ERASED)
    return history


def _page(redis: Redis, history: CallHistory, others: Sequence[str]) -> str:
    data = history.events[-1].data if history.events else None
    known = {one.id: one.called for one in destinations.all(redis)}
    sent = attempts.of_call(redis, history.account, history.telephony_session_id)
    why = data.explanation if data else ()
    return render_template(
        "call.html",
        history=history,
        others_know=others,
        levels=LEVELS,
        names=NAMES,
        state=state(history),
        data=data,
        summary=data or _so_far(history),
        doing=live_state(history.tracked.session) if history.tracked else "",
        moments=moments(history, sent, known),
        picture=picture(data) if data else None,
        first=[one for one in why if _is_asked_first(one)],
        others=[one for one in why if not _is_asked_first(one)],
    )


def _is_asked_first(why: Explanation) -> bool:
    return why.field in _FIRST and why.rule != _NOT_A_RINGOUT


def _so_far(history: CallHistory) -> CallOutcome | CallData | None:
    """Say who is in a call of which nothing was published yet."""
    return endings.ending(history.tracked.session) if history.tracked else None
