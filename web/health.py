"""Routes for whoever watches this process: alive, ready, and the metrics."""

from typing import Final

import msgspec
from flask import Flask, Response
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from runtime import gauges
from runtime.metrics import render
from runtime.safety import Check, Verdict, readiness
from runtime.settings import Settings
from web.api.answers import answer
from web.api.described import described
from web.cached import Cached

GAUGES_SECONDS: Final = 1.0
"""How old a gauge may be: several who scrape at once cost as much as one."""


class Alive(msgspec.Struct, frozen=True):
    """A process that answers."""

    alive: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Whether notifications can be taken, and by which checks."""

    ready: bool
    checks: tuple[Check, ...]


def add_routes(app: Flask, settings: Settings, redis: "Redis") -> None:
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
        checks = tuple(readiness(redis))
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
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
