"""Put the web process together."""

from flask import Flask
from redis import Redis

from runtime.metrics import Recorder
from runtime.settings import Settings
from web import health, webhook
from web.front import Front
from web.webhook import Receiver


def create_app(settings: Settings, redis: "Redis", recorder: Recorder | None = None) -> Flask:
    """Make the Flask app. `redis` must fail fast (the INGEST profile): RingCentral waits three seconds at most."""
    app = Flask(__name__, static_folder=None)
    receiver = Receiver(settings.accounts, redis, recorder or Recorder())
    webhook.add_routes(app, receiver)
    health.add_routes(app, settings, redis)
    app.wsgi_app = Front(app.wsgi_app, receiver)  # type: ignore[method-assign]  # Flask's documented place for it
    return app
