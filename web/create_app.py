"""Put the web process together."""

from flask import Flask
from redis import Redis

from runtime.metrics import Recorder
from runtime.settings import Settings
from web import health, webhook
from web.safety import Room


def create_app(settings: Settings, redis: "Redis", recorder: Recorder | None = None) -> Flask:
    """Make the Flask app. `redis` must fail fast (the INGEST profile): RingCentral waits three seconds at most."""
    app = Flask(__name__, static_folder=None)
    webhook.add_routes(app, webhook.endpoints(settings.accounts, redis), Room(redis), recorder or Recorder())
    health.add_routes(app, settings, redis)
    return app
