"""The baseline of the webhook route: a Flask route that does nothing. Run with `granian --factory`."""

from flask import Flask, Response


def create_app() -> Flask:
    """Make an app that answers a notification like Legwork, and does nothing with it."""
    app = Flask(__name__, static_folder=None)

    @app.post("/webhooks/ringcentral")
    def receive() -> Response:
        return Response(b"{}", content_type="application/json")

    @app.get("/healthz")
    def healthz() -> Response:
        return Response(b"{}", content_type="application/json")

    return app
