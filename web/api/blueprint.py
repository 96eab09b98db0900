"""All of the API: the door, and the routes behind it."""

from types import MappingProxyType
from typing import Final

from flask import Blueprint, Flask
from redis import Redis

from runtime.deliveries.destinations import UnknownDestination
from runtime.deliveries.sealing import CannotOpen
from runtime.settings import Settings, WebRole
from web import stream
from web.access.entry import Entry
from web.api import asked, audit, calls, deliveries, destinations, outcomes, replays, ringouts
from web.api.answers import tagged
from web.api.door import ROOT, add_door
from web.api.problems import CONFLICT, NOT_FOUND, Problem
from web.hub import Hub

PREFIX: Final = f"{ROOT}/v1"
NO_DESTINATION: Final = "There is no destination with this id."

SEATS: Final = MappingProxyType({WebRole.ALL: 2, WebRole.OPS: 6})
"""How many of a process's threads may be held by who follows the stream (docs/adr/0013-watchers-have-few-seats.md)."""


def add_api(app: Flask, settings: Settings, redis: Redis, entry: Entry) -> Hub:
    """Add the API, and give its hub. `redis` may take its time: nobody's notification waits for it."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    calls.add_routes(api, settings, redis)
    destinations.add_routes(api, settings, redis)
    deliveries.add_routes(api, redis)
    outcomes.add_routes(api, redis)
    replays.add_routes(api, settings, redis)
    ringouts.add_routes(api, settings, redis)
    audit.add_routes(api, settings, redis)
    hub = app.extensions["hub"] = Hub(redis, seats=SEATS[settings.web_role])
    stream.add_routes(api, redis, hub)
    api.before_request(asked.know_parameters)
    api.register_error_handler(CannotOpen, lambda error: Problem(CONFLICT, f"{error}.").response())
    api.register_error_handler(UnknownDestination, lambda _: Problem(NOT_FOUND, NO_DESTINATION).response())
    api.after_request(tagged)
    add_door(app, entry)
    app.register_blueprint(api)
    return hub
