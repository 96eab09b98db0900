"""The Flask application: every route of the platform that is simulated, in one table."""

from functools import cache

from flask import Flask
from msgspec import Struct
from werkzeug.routing import Map, Rule

from scripts.simulator.api import call_log, control, oauth, ring_out, subscription, sync, telephony
from scripts.simulator.api.guard import AUTH_GROUP, Handler, guarded
from scripts.simulator.box import Box
from scripts.simulator.problems import ApiError

LIGHT, MEDIUM, HEAVY = "light", "medium", "heavy"
_ACCOUNT = "/restapi/v1.0/account/<account>"
_EXTENSION = f"{_ACCOUNT}/extension/<extension>"
_SUBSCRIPTION = "/restapi/v1.0/subscription"


class Route(Struct, frozen=True):
    """One endpoint: its rate-limit group is RingCentral's own."""

    method: str
    path: str
    group: str
    handler: Handler


ROUTES = (
    Route("POST", "/restapi/oauth/token", AUTH_GROUP, oauth.grant_token),
    Route("POST", _SUBSCRIPTION, MEDIUM, subscription.create),
    Route("GET", _SUBSCRIPTION, LIGHT, subscription.list_all),
    Route("GET", f"{_SUBSCRIPTION}/<subscription_id>", LIGHT, subscription.show),
    Route("PUT", f"{_SUBSCRIPTION}/<subscription_id>", MEDIUM, subscription.change),
    Route("POST", f"{_SUBSCRIPTION}/<subscription_id>/renew", LIGHT, subscription.renew),
    Route("DELETE", f"{_SUBSCRIPTION}/<subscription_id>", MEDIUM, subscription.delete),
    Route("GET", f"{_ACCOUNT}/call-log", HEAVY, call_log.list_company),
    Route("GET", f"{_EXTENSION}/call-log", HEAVY, call_log.list_extension),
    Route("GET", f"{_ACCOUNT}/call-log-sync", HEAVY, sync.sync_company),
    Route("GET", f"{_EXTENSION}/call-log-sync", HEAVY, sync.sync_extension),
    Route("GET", f"{_ACCOUNT}/call-log-extract-sync", HEAVY, sync.extract_company),
    Route("GET", f"{_ACCOUNT}/call-log/<record_ids>", HEAVY, call_log.show_company),
    Route("GET", f"{_EXTENSION}/call-log/<record_ids>", HEAVY, call_log.show_extension),
    *(
        route
        for name in ("ring-out", "ringout")  # the second is the older path
        for route in (
            Route("POST", f"{_EXTENSION}/{name}", HEAVY, ring_out.place),
            Route("GET", f"{_EXTENSION}/{name}/<ringout_id>", LIGHT, ring_out.show),
            Route("DELETE", f"{_EXTENSION}/{name}/<ringout_id>", HEAVY, ring_out.cancel),
        )
    ),
    Route("GET", f"{_ACCOUNT}/telephony/sessions/<telephony_session_id>", LIGHT, telephony.show_session),
    Route("GET", _EXTENSION, LIGHT, telephony.show_extension),
)


def create_application(box: Box) -> Flask:
    """Make the application that serves one box."""
    application = Flask("simulator", static_folder=None)
    views = {(route.method, route.path): guarded(box, route.group, route.handler) for route in ROUTES}
    views |= control.control_views(box)
    application.url_map = _url_map(tuple(views))
    application.view_functions.update({_endpoint(*place): view for place, view in views.items()})
    application.register_error_handler(404, lambda _: _unknown())
    application.register_error_handler(405, lambda _: _unknown())
    return application


@cache
def _url_map(places: tuple[tuple[str, str], ...]) -> Map:
    """Compile the routes, once for all boxes of a process: it takes longer than all else of starting one."""
    return Map([Rule(path, endpoint=_endpoint(method, path), methods=[method]) for method, path in places])


def _endpoint(method: str, path: str) -> str:
    return f"{method} {path}"


def _unknown() -> tuple[dict[str, object], int]:
    error = ApiError("unknown_resource")
    return error.body(), error.problem.status
