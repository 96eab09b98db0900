"""Routes for whoever watches this process: alive, ready, and the metrics."""

import msgspec
from flask import Flask, Response
from prometheus_client.core import Metric
from redis import Redis
from redis.exceptions import RedisError

from runtime import backlog, completeness, keys
from runtime.clocks import redis_time
from runtime.metrics import gauge, render
from runtime.settings import Settings
from web.api.answers import answer
from web.api.described import described
from web.safety import Check, Verdict, readiness


class Alive(msgspec.Struct, frozen=True):
    """A process that answers."""

    alive: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Whether notifications can be taken, and by which checks."""

    ready: bool
    checks: tuple[Check, ...]


def add_routes(app: Flask, settings: Settings, redis: "Redis") -> None:
    """Add `/healthz`, `/readyz` and `/metrics`."""

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
        names = [account.name for account in settings.accounts]
        try:
            text = render(
                redis, [*_gauges(settings, redis), *backlog.gauges(redis), *completeness.gauges(redis, names)]
            )
        except RedisError:
            return Response("Redis does not answer\n", 503, content_type="text/plain")
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _gauges(settings: Settings, redis: "Redis") -> list[Metric]:
    """Read what is a state rather than a count: what waits, and since when."""
    now = redis_time(redis)
    names = [account.name for account in settings.accounts]
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            for key in (keys.open_sessions(name), keys.quiet(name), keys.due(name)):
                pipeline.zcard(key)
            pipeline.zrange(keys.open_sessions(name), 0, 0, withscores=True)
            pipeline.xlen(keys.inbox(name))
            pipeline.xlen(keys.quarantine(name))
        rows = pipeline.execute()
    by_account = {name: rows[6 * number : 6 * number + 6] for number, name in enumerate(names)}
    states = ("open", "quiet", "due")
    return [
        gauge(
            "legwork_sessions",
            "Sessions, by what they wait for.",
            [((name, state), row[at]) for name, row in by_account.items() for at, state in enumerate(states)],
            ("account", "state"),
        ),
        gauge(
            "legwork_oldest_open_seconds",
            "Since when the quietest open session was not heard of.",
            [((name,), now - row[3][0][1] if row[3] else 0) for name, row in by_account.items()],
            ("account",),
        ),
        gauge(
            "legwork_inbox_entries",
            "Notifications kept.",
            [((name,), row[4]) for name, row in by_account.items()],
            ("account",),
        ),
        gauge(
            "legwork_quarantine_entries",
            "Bodies no notification could be read from.",
            [((name,), row[5]) for name, row in by_account.items()],
            ("account",),
        ),
    ]
