"""Put the web process together."""

from flask import Flask
from redis import Redis

from runtime.metrics import Recorder
from runtime.settings import Settings, WebRole
from web import health, openapi, webhook
from web.access.entry import Entry
from web.access.roles import Tokens
from web.access.trail import add_trail
from web.api.blueprint import add_api
from web.dashboard.blueprint import add_dashboard
from web.dashboard.nowhere import add_nowhere
from web.front import Front
from web.live import Live
from web.webhook import Receiver


def create_app(
    settings: Settings, redis: Redis, recorder: Recorder | None = None, *, patient: Redis | None = None
) -> Flask:
    """Make the Flask app, with what its role says: the webhooks, or what people and their programs ask for, or both.

    `redis` must fail fast (the INGEST profile): RingCentral waits three seconds at most. The API asks more of Redis in
    one go, and people wait longer, so it has a client of its own, `patient`.
    """
    app = Flask(__name__, static_folder=None)
    app.debug = False  # whatever FLASK_DEBUG says: a fault of ours is answered and logged as all others are
    health.add_routes(app, settings, redis)
    openapi.add_route(app)
    if settings.web_role is not WebRole.WEBHOOKS:
        _add_ops(app, settings, patient or redis)
    if settings.web_role is not WebRole.OPS:
        receiver = Receiver(settings.accounts, redis, recorder or Recorder())
        webhook.add_routes(app, receiver)
        app.wsgi_app = Front(app.wsgi_app, receiver)  # type: ignore[method-assign]  # Flask's documented place for it
    return app


def _add_ops(app: Flask, settings: Settings, redis: Redis) -> None:
    entry = Entry(Tokens.of(settings), redis)
    add_trail(app, redis)
    hub = add_api(app, settings, redis, entry)
    draw = add_dashboard(app, settings, redis, entry)
    app.extensions["live"] = Live(entry.sessions, hub, draw)
    add_nowhere(app, entry)
