"""The webhook: check, enqueue one job, answer. Run with `granian --factory`."""

import hmac
import os

from flask import Flask, Response, abort, request
from redis import Redis
from rq import Queue

from scripts.benchmarks.straightforward.jobs import NOTIFICATIONS, handle


def create_app() -> Flask:
    """Make the app; where Redis is and what the token must be are in the environment."""
    app = Flask(__name__, static_folder=None)
    queue = Queue(NOTIFICATIONS, connection=Redis.from_url(os.environ["REDIS_URL"]))
    expected = os.environ["RC_VERIFICATION_TOKEN"]

    @app.post("/webhooks/ringcentral")
    def receive() -> Response:
        handshake = request.headers.get("Validation-Token")
        if handshake is not None:
            return Response("{}", headers={"Validation-Token": handshake}, content_type="application/json")
        if not hmac.compare_digest(request.headers.get("Verification-Token", ""), expected):
            abort(401)
        queue.enqueue(handle, request.get_json(), result_ttl=0)
        return Response("{}", content_type="application/json")

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok")

    return app
