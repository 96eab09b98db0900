"""Receive outcomes over a webhook, with Flask: verify, de-duplicate, keep the newest revision of each call.

pip install flask standardwebhooks
LEGWORK_SECRET=whsec_... python flask_receiver.py
"""

import os
import sqlite3
from contextlib import closing

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 1024 * 1024
OF_A_CALL = {"legwork.call.ended", "legwork.call.outcome"}

TABLES = """
CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS calls (call TEXT PRIMARY KEY, revision INTEGER NOT NULL, event TEXT NOT NULL);
"""

KEEP_THE_NEWEST = """
INSERT INTO calls VALUES (?, ?, ?)
ON CONFLICT (call) DO UPDATE SET revision = excluded.revision, event = excluded.event
WHERE excluded.revision > calls.revision
"""


def make_receiver(secret: str, database: str) -> Flask:
    """Make the app. It answers as soon as the event is stored; whatever takes longer belongs after that."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    webhook = Webhook(secret)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(TABLES)

    @app.post("/hook")
    def receive() -> tuple[str, int]:
        body = request.get_data()  # the signature is about these bytes: verify first, read them as JSON afterwards
        try:
            event = webhook.verify(body, dict(request.headers))
        except (
            WebhookVerificationError,
            ValueError,
        ):  # ValueError: a signature that is no Base64, a body that is no text
            return "not verified", 401
        if event["type"] in OF_A_CALL:
            keep(database, request.headers["webhook-id"], event, body.decode())
        return "", 204  # also for a test, and for types that do not exist yet

    return app


def keep(database: str, webhook_id: str, event: dict, body: str) -> None:  # type: ignore[type-arg]  # it is JSON
    """Store an event, once, unless a later revision of its call is there already; all in one transaction."""
    with closing(sqlite3.connect(database)) as connection, connection:
        if not connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", [webhook_id]).rowcount:
            return
        call, revision = event["subject"], event["data"]["revision"]
        if connection.execute(KEEP_THE_NEWEST, [call, revision, body]).rowcount:
            print(f"kept {call} revision {revision}", flush=True)


if __name__ == "__main__":
    make_receiver(os.environ["LEGWORK_SECRET"], os.environ.get("DATABASE", "calls.sqlite")).run(
        port=int(os.environ.get("PORT", "9000"))
    )
