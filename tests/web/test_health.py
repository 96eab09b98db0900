"""What is told to those who watch over the web process."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from runtime.metrics import Recorder
from runtime.redis_client import INGEST, connect
from runtime.safety import Check, Verdict, eviction, memory, persistence, role
from tests.web.conftest import NOBODY
from tests.web.posting import BODY, PATH, SIGNED, settings_of
from web.create_app import create_app

Configure = Callable[..., None]
FINE: Mapping[str, Any] = {
    "used_memory": 10,
    "maxmemory": 100,
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "role": "master",
}


def away() -> Flask:
    return create_app(settings_of(NOBODY), connect(NOBODY, INGEST))


def verdicts(app: Flask) -> dict[str, str]:
    answer: Any = app.test_client().get("/readyz").json
    return {check["name"]: check["verdict"] for check in answer["checks"]}


def test_the_process_is_alive_without_redis() -> None:
    assert away().test_client().get("/healthz").status_code == 200


def test_the_process_is_not_ready_without_redis() -> None:
    app = away()

    assert app.test_client().get("/readyz").status_code == 503
    assert verdicts(app) == {"redis": "failed"}


def test_the_embedded_server_is_ready(app: Flask) -> None:
    assert app.test_client().get("/readyz").status_code == 200
    assert set(verdicts(app).values()) == {"ok"}


@pytest.mark.parametrize(
    ("option", "value", "check"),
    [("maxmemory_policy", "allkeys-lru", "eviction"), ("appendonly", "no", "persistence")],
)
def test_a_redis_that_may_forget_is_not_ready(
    app: Flask, configured: Configure, option: str, value: str, check: str
) -> None:
    configured(**{option: value})

    assert app.test_client().get("/readyz").status_code == 503
    assert verdicts(app)[check] == "failed"


def test_a_redis_that_is_nearly_full_is_not_ready(app: Flask, redis: Redis, configured: Configure) -> None:
    configured(maxmemory=int(redis.info("memory")["used_memory"] * 1.2))

    assert app.test_client().get("/readyz").status_code == 503
    assert verdicts(app)["memory"] == "failed"


def test_a_redis_with_too_few_replicas_to_take_a_write_is_not_ready_and_the_metrics_tell_it(
    app: Flask, configured: Configure
) -> None:
    configured(min_replicas_to_write=1)

    assert app.test_client().get("/readyz").status_code == 503
    assert verdicts(app)["writes"] == "failed"
    assert unsafe(app) == {"writes"}


def test_the_metrics_tell_each_check_that_redis_fails(app: Flask, configured: Configure) -> None:
    configured(maxmemory_policy="allkeys-lru")

    assert unsafe(app) == {"eviction"}


def unsafe(app: Flask) -> set[str]:
    families = text_string_to_metric_families(app.test_client().get("/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == "legwork_redis_unsafe"]
    assert {sample.labels["check"] for sample in samples} >= {"redis", "role", "memory", "eviction", "persistence"}
    return {sample.labels["check"] for sample in samples if sample.value}


@pytest.mark.parametrize(
    ("check", "seen", "verdict"),
    [
        (memory, {}, Verdict.OK),
        (memory, {"used_memory": 74}, Verdict.OK),
        (memory, {"used_memory": 75}, Verdict.FAILED),
        (memory, {"maxmemory": 0}, Verdict.WARNING),
        (eviction, {}, Verdict.OK),
        (eviction, {"maxmemory_policy": "volatile-ttl"}, Verdict.FAILED),
        (eviction, {"maxmemory_policy": None}, Verdict.WARNING),
        (persistence, {}, Verdict.OK),
        (persistence, {"aof_enabled": 0}, Verdict.FAILED),
        (persistence, {"aof_last_write_status": "err"}, Verdict.FAILED),
        (role, {}, Verdict.OK),
        (role, {"role": "slave"}, Verdict.FAILED),
    ],
)
def test_each_check_judges_what_redis_tells_of_itself(
    check: Callable[[Mapping[str, Any]], Check], seen: Mapping[str, Any], verdict: Verdict
) -> None:
    assert check({**FINE, **seen}).verdict is verdict


def test_what_a_managed_redis_hides_is_a_warning_not_a_fault() -> None:
    assert persistence({}).verdict is Verdict.WARNING
    assert eviction({}).verdict is Verdict.WARNING


def test_metrics_are_text_prometheus_reads_and_tell_every_answer(redis: Redis, redis_url: str) -> None:
    recorder = Recorder(redis)
    with connect(redis_url, INGEST) as fast:
        client = create_app(settings_of(redis_url), fast, recorder).test_client()
        for headers in (SIGNED, SIGNED, {}):
            client.post(PATH, data=BODY, headers=headers)
        recorder.flush()

        text = client.get("/metrics").text

    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["legwork_notifications_total", "default", "stored"] == 2
    assert samples["legwork_notifications_total", "default", "unverified"] == 1
    assert samples["legwork_ingest_seconds_count",] == 3
    assert samples["legwork_inbox_entries", "default"] == 2


def test_metrics_are_missing_rather_than_wrong_without_redis() -> None:
    assert away().test_client().get("/metrics").status_code == 503


@pytest.mark.parametrize(("takes", "is_compressed"), [("gzip", True), ("gzip;q=0", False), ("identity", False)])
def test_metrics_are_compressed_for_who_takes_them_so(app: Flask, takes: str, *, is_compressed: bool) -> None:
    plain = app.test_client().get("/metrics")
    answer = app.test_client().get("/metrics", headers={"Accept-Encoding": takes})

    assert (answer.headers.get("Content-Encoding") == "gzip") is is_compressed
    text = gzip.decompress(answer.data) if is_compressed else answer.data
    assert text.splitlines()[0] == plain.data.splitlines()[0]
    assert len(answer.data) < len(plain.data) / 2 or not is_compressed
    assert plain.headers.get("Content-Encoding") is None
    assert "Accept-Encoding" in answer.headers["Vary"]
