"""Routes for whoever watches this process: alive, ready, and the metrics."""

import gzip
from typing import Final

import msgspec
from flask import Flask, Response, request
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from runtime.prometheus import render
from runtime.safety import Check, Verdict, readiness
from runtime.settings import Settings
from runtime.showing import gauges
from web.api.answers import answer
from web.api.described import described
from web.cached import Cached

GAUGES_SECONDS: Final = 1.0
"""How old a gauge may be: several who scrape at once cost as much as one."""


_LEAST_WORK: Final = 1
"""How hard to compress: names and labels repeat so much that the rest gains little."""


class Alive(msgspec.Struct, frozen=True):
    """A process that answers."""

    alive: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Whether notifications can be taken, and by which checks."""

    ready: bool
    checks: tuple[Check, ...]


def add_routes(app: Flask, settings: Settings, redis: Redis) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`."""
    names = [account.name for account in settings.accounts]
    read = Cached(lambda: gauges.all(redis, names), seconds=GAUGES_SECONDS)

    @app.get("/healthz")
    @described("Say that this process is alive.", answers={200: Alive})
    def healthz() -> Response:
        return answer(Alive())

    @app.get("/readyz")
    @described(
        "Say whether notifications can be taken: Redis answers and is safe to write.", answers={200: Ready, 503: Ready}
    )
    def readyz() -> Response:
        checks = readiness(redis)
        ready = all(check.verdict is not Verdict.FAILED for check in checks)
        return answer(Ready(ready, checks), 200 if ready else 503)

    @app.get("/metrics")
    @described("The metrics, as Prometheus reads them.", answers={200: "text/plain", 503: "text/plain"})
    def metrics() -> Response:
        try:
            text = render(redis, read.get())
        except NoPermissionError:  # such is the user of webhooks in docs/ops/acl
            return Response("Redis lets this process read no metrics: ask another\n", 503, content_type="text/plain")
        except RedisError:
            return Response("Redis does not answer\n", 503, content_type="text/plain")
        return _sent(text)


def _sent(text: bytes) -> Response:
    """Send metrics compressed to who takes them so, as Prometheus does: those of a thousand accounts are megabytes."""
    is_taken = request.accept_encodings.quality("gzip") > 0
    answered = Response(
        gzip.compress(text, _LEAST_WORK) if is_taken else text, content_type="text/plain; version=0.0.4; charset=utf-8"
    )
    answered.vary.add("Accept-Encoding")
    if is_taken:
        answered.headers["Content-Encoding"] = "gzip"
    return answered
