"""Put the web process together."""

from flask import Flask
from redis import Redis

from runtime.metrics import Recorder
from runtime.settings import Settings
from web import health, webhook
from web.api.blueprint import add_api
from web.front import Front
from web.webhook import Receiver


def create_app(
    settings: Settings, redis: "Redis", recorder: Recorder | None = None, *, patient: "Redis | None" = None
) -> Flask:
    """Make the Flask app.

    `redis` must fail fast (the INGEST profile): RingCentral waits three seconds at most. The API asks more of Redis in
    one go, and people wait longer, so it has a client of its own, `patient`.
    """
    app = Flask(__name__, static_folder=None)
    receiver = Receiver(settings.accounts, redis, recorder or Recorder())
    webhook.add_routes(app, receiver)
    health.add_routes(app, settings, redis)
    add_api(app, settings, patient or redis)
    app.wsgi_app = Front(app.wsgi_app, receiver)  # type: ignore[method-assign]  # Flask's documented place for it
    return app
