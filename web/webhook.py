"""The webhook route: store what RingCentral says, then answer. Nothing is understood here.

RingCentral blacklists an endpoint that errs, and promises no second delivery. So an authentic body is stored whatever
it holds, a 200 means that Redis has it, and nobody is refused but strangers, giants, and everybody when storing is not
safe. A notification costs one round trip to Redis.
https://developers.ringcentral.com/guide/notifications/webhooks/receiving
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Flask, Response, request
from redis import Redis
from redis.exceptions import RedisError

from runtime.clocks import stopwatch
from runtime.inbox import Inbox
from runtime.logs import log
from runtime.metrics import INGEST_SECONDS, NOTIFICATIONS, Recorder
from runtime.settings import Account
from web.safety import Room
from web.verification import HANDSHAKE_HEADER, VERIFICATION_HEADER, Verifier, may_be_echoed

MAX_BODY: Final = 256 * 1024
RETRY_AFTER_SECONDS: Final = 5
_CHUNK: Final = 64 * 1024


class Endpoint(msgspec.Struct, frozen=True):
    """What the route needs of one account."""

    name: str
    verifier: Verifier
    inbox: Inbox


def endpoints(accounts: tuple[Account, ...], redis: "Redis") -> Mapping[str, Endpoint]:
    """Make an endpoint for every account, by name; the only account answers without its name too."""
    made = {one.name: Endpoint(one.name, Verifier(one.verification_tokens), Inbox(redis, one.name)) for one in accounts}
    return made | {"": next(iter(made.values()))} if len(made) == 1 else made


def add_routes(app: Flask, accounts: Mapping[str, Endpoint], room: Room, recorder: Recorder) -> None:
    """Add `POST /webhooks/ringcentral` and `POST /webhooks/ringcentral/<account>`."""

    @app.post("/webhooks/ringcentral", defaults={"account": ""})
    @app.post("/webhooks/ringcentral/<account>")
    def receive(account: str) -> Response:
        started = stopwatch()
        endpoint = accounts.get(account)
        if endpoint is None:
            return _reply(404)
        answer, response = _receive(endpoint, room, request.environ)
        recorder.count(NOTIFICATIONS, endpoint.name, answer)
        recorder.observe(INGEST_SECONDS, stopwatch() - started)
        return response


def _receive(endpoint: Endpoint, room: Room, environ: Mapping[str, Any]) -> tuple[str, Response]:
    """Answer one request; the first word names the answer for the metrics."""
    handshake = environ.get(HANDSHAKE_HEADER)
    verified = endpoint.verifier.accepts(environ.get(VERIFICATION_HEADER))
    if handshake is not None and not (verified and _has_body(environ)):
        return _shake_hands(handshake)
    if not verified:
        log.warning("notification.refused", account=endpoint.name, why="verification")
        return "unverified", _reply(401)
    try:
        body = _body(environ)
    except OversizedBody:
        return "oversized", _reply(413)
    except BrokenBody:
        return "broken", _reply(400)
    return _store(endpoint, room, body, handshake)


def _shake_hands(token: str) -> tuple[str, Response]:
    if not may_be_echoed(token):
        return "bad_handshake", _reply(400)
    return "handshake", _reply(200, {"Validation-Token": token})


def _store(endpoint: Endpoint, room: Room, body: bytes, handshake: str | None) -> tuple[str, Response]:
    try:
        if not room.is_left():
            return "no_room", _unavailable()
        endpoint.inbox.append(body)
    except RedisError as error:
        log.error("notification.not_stored", account=endpoint.name, error=type(error).__name__)
        return "not_stored", _unavailable()
    echo = {"Validation-Token": handshake} if handshake and may_be_echoed(handshake) else {}
    return "stored", _reply(200, echo)


class OversizedBody(Exception):  # noqa: N818 - named for what happened
    """The body is larger than any notification; nothing of it is kept."""


class BrokenBody(Exception):  # noqa: N818 - named for what happened
    """The sender went away before the body was whole, or lied about its length."""


def _body(environ: Mapping[str, Any]) -> bytes:
    """Read the whole body and count it ourselves: a chunked one tells no length, and Werkzeug cuts it silently."""
    told = environ.get("CONTENT_LENGTH") or ""
    length = int(told) if told.isascii() and told.isdigit() else None
    if length is not None and length > MAX_BODY:
        raise OversizedBody
    try:
        body = _read(environ["wsgi.input"], MAX_BODY + 1 if length is None else length)
    except OSError as error:
        raise BrokenBody from error
    if len(body) > MAX_BODY:
        raise OversizedBody
    if length is not None and len(body) < length:
        raise BrokenBody
    return body


def _read(stream: Any, most: int) -> bytes:
    parts, left = [], most
    while left > 0 and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _has_body(environ: Mapping[str, Any]) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ


def _unavailable() -> Response:
    return _reply(503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _reply(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with an empty JSON object: RingCentral wants JSON, and 1,024 bytes at most with all headers."""
    return Response(b"{}", status, dict(headers or {}), content_type="application/json")
