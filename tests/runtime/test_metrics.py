"""Metrics: counted anywhere, told by any web process."""

import threading
from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from runtime import keys
from runtime.metrics import (
    DECLARED,
    FAILURES,
    INGEST_SECONDS,
    MOST_NOTED,
    MOST_WORDS,
    OTHER_WORDS,
    OUTCOMES,
    SESSIONS,
    UNKNOWN_WORDS,
    Count,
    Recorder,
    gauge,
)
from runtime.prometheus import render
from runtime.redis_client import INGEST, connect


def told(redis: Redis) -> Mapping[tuple[str, ...], float]:
    """Read the metrics as Prometheus does: name and label values, sorted by their labels -> value."""
    families = text_string_to_metric_families(render(redis).decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_counts_of_all_processes_add_up(redis: Redis) -> None:
    for by in (1, 4):
        recorder = Recorder(redis)
        recorder.count(OUTCOMES, "default", "answered", "webhook", by=by)
        recorder.flush()

    assert told(redis)["legwork_outcomes_total", "default", "answered", "webhook"] == 5


def test_a_duration_counts_in_its_bucket_and_in_all_larger_ones(redis: Redis) -> None:
    recorder = Recorder(redis)
    for seconds in (0.001, 0.004, 2.5):
        recorder.observe(INGEST_SECONDS, seconds)
    recorder.flush()

    metrics = told(redis)

    buckets = {name[1]: value for name, value in metrics.items() if name[0] == "legwork_ingest_seconds_bucket"}
    assert buckets == {"0.001": 1, "0.0025": 1, "0.005": 2, "0.01": 2, "0.05": 2, "0.1": 2, "0.5": 2, "1": 2, "+Inf": 3}
    assert metrics["legwork_ingest_seconds_count",] == 3
    assert metrics["legwork_ingest_seconds_sum",] == pytest.approx(2.505)


def test_a_duration_that_another_version_counted_in_a_bucket_of_its_own_counts_in_the_next_of_ours(
    redis: Redis,
) -> None:
    recorder = Recorder(redis)
    recorder.observe(INGEST_SECONDS, 0.0001)
    recorder.flush()
    redis.hset(keys.METRICS, f"{INGEST_SECONDS.name}\x1f0.25", "2")

    metrics = told(redis)

    assert metrics["legwork_ingest_seconds_bucket", "0.1"] == 1
    assert metrics["legwork_ingest_seconds_bucket", "0.5"] == 3
    assert metrics["legwork_ingest_seconds_count",] == 3


def test_every_metric_is_told_even_before_it_was_counted(redis: Redis) -> None:
    names = {family.name for family in text_string_to_metric_families(render(redis).decode())}

    assert names == {metric.name for metric in DECLARED}


def test_a_gauge_is_told_as_it_stands(redis: Redis) -> None:
    waiting = gauge(SESSIONS, [(("default", "open"), 3)])

    assert b'legwork_sessions{account="default",state="open"} 3.0' in render(redis, [waiting])


@pytest.mark.parametrize("word", ["a\x1fb", 'quo"ted\n', "ünknown", "lone \ud800", "x" * 1000, ""])
def test_somebody_elses_word_as_a_label_does_no_harm(redis: Redis, word: str) -> None:
    recorder = Recorder(redis)
    recorder.count(UNKNOWN_WORDS, "result", word)
    recorder.flush()

    assert [value for name, value in told(redis).items() if name[0] == "legwork_unknown_words_total"] == [1]


@pytest.mark.parametrize("metric", [metric for metric in DECLARED if getattr(metric, "takes_any_word", False)])
def test_somebody_elses_words_are_told_apart_up_to_a_number_and_all_are_counted(redis: Redis, metric: Count) -> None:
    recorder = Recorder(redis)
    for number in range(MOST_WORDS + 50):
        recorder.count(metric, "default", f"word {number}")
        recorder.count(metric, "default", "word 0")
        recorder.flush()

    counted = {name: value for name, value in told(redis).items() if name[0] == f"{metric.name}_total"}
    assert len(counted) == MOST_WORDS + 1
    assert sum(counted.values()) == 2 * (MOST_WORDS + 50)
    assert [value for name, value in counted.items() if OTHER_WORDS in name] == [50]


def test_what_cannot_be_told_now_is_told_later(redis: Redis) -> None:
    with connect("redis://127.0.0.1:1/0", INGEST) as away:
        recorder = Recorder(away)
        recorder.count(FAILURES, "track", "Broken")
        recorder.flush()
        recorder.count(FAILURES, "track", "Broken")
        recorder._redis = redis
        recorder.flush()

    assert told(redis)["legwork_failures_total", "Broken", "track"] == 2


def test_nothing_counted_by_threads_at_once_is_missed(redis: Redis) -> None:
    recorder = Recorder(redis)
    recorder.start()

    def work() -> None:
        for number in range(2000):
            recorder.count(FAILURES, "track", "Broken")
            if number % 500 == 0:
                recorder.flush()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.stop()

    assert told(redis)["legwork_failures_total", "Broken", "track"] == 16000


def test_however_much_is_counted_at_once_is_added_up_and_little_of_it_waits(redis: Redis) -> None:
    recorder = Recorder(redis)
    many = 2 * MOST_NOTED + 1
    for _ in range(many):
        recorder.count(FAILURES, "track", "Broken")
        recorder.observe(INGEST_SECONDS, 0.001)

    assert max(len(recorder._counts), len(recorder._durations)) < MOST_NOTED
    recorder.flush()
    metrics = told(redis)
    assert metrics["legwork_failures_total", "Broken", "track"] == metrics["legwork_ingest_seconds_count",] == many


def test_without_redis_counting_costs_nothing_and_fails_nothing() -> None:
    recorder = Recorder()
    recorder.count(FAILURES, "track", "Broken")

    recorder.flush()
