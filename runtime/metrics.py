"""Metrics: each declared once, counted in memory, added up in Redis; `runtime.prometheus` has any `web` tell of them.

Workers come and go and `web` runs many times; adding the counts up in one Redis hash makes one scrape of one process
tell about all of them. A process that is killed loses at most the last two seconds of its counts, and of nothing else.
"""

import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, cast

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric
from redis import Redis
from redis.exceptions import RedisError

from runtime import keys

FLUSH_SECONDS: Final = 2.0

MOST_NOTED: Final = 256
"""Notes after which they are added up: few enough for nobody to wait for that."""


class Count(msgspec.Struct, frozen=True):
    """A number that only grows. Label values come from short closed lists.

    Where the last of them is somebody else's word, of which there may be any number, it `takes_any_word`.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    takes_any_word: bool = False


class Histogram(msgspec.Struct, frozen=True):
    """How long something takes, in seconds."""

    name: str
    help: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()


class Gauge(msgspec.Struct, frozen=True):
    """A state that is read when somebody asks for it."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


NOTIFICATIONS = Count("legwork_notifications", "Webhook requests, by what they were answered.", ("account", "answer"))
NO_ROOM, NOT_STORED = "no_room", "not_stored"
"""What they are answered that Redis did not take: RingCentral does deliver."""

TRACKED = Count("legwork_tracked", "Notifications taken from the inbox, by what they were.", ("account", "kind"))
OTHER_EVENTS = Count(
    "legwork_other_events",
    "Events that are no news of calls, by their path without ids.",
    ("account", "event"),
    takes_any_word=True,
)
OUTCOMES = Count("legwork_outcomes", "Events published, by outcome and trigger.", ("account", "outcome", "trigger"))
REVISIONS = Count("legwork_revisions", "Outcomes published again because something changed.", ("account",))
UNKNOWN_WORDS = Count(
    "legwork_unknown_words", "Words of RingCentral's no table knows.", ("kind", "word"), takes_any_word=True
)
RINGOUTS = Count("legwork_ringouts", "RingOuts asked for, by what became of placing them.", ("account", "placing"))
MALFORMED_RECORDS = Count("legwork_malformed_records", "Call-log records that could not be read.", ("account",))
REQUESTS = Count("legwork_ringcentral_requests", "Requests to RingCentral.", ("account", "group", "status"))
FAILURES = Count("legwork_failures", "Failures of a stage, by what went wrong.", ("stage", "error"))
DELIVERIES = Count("legwork_deliveries", "Attempts to deliver, by what came of them.", ("destination", "verdict"))
DROPPED = Count("legwork_deliveries_dropped", "Events the retention dropped undelivered.", ("destination",))
ALERTS = Count(
    "legwork_destination_alerts",
    "Destinations on the way to being disabled, by share of the time.",
    ("destination", "percent"),
)
TAKEN_OVER = Count("legwork_leases_taken_over", "Runners that lost their lease to another one.", ("stage",))
INGEST_SECONDS = Histogram(
    "legwork_ingest_seconds",
    "From a notification's arrival to its answer.",
    (0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1),
)
PUBLISH_SECONDS = Histogram(
    "legwork_end_to_outcome_seconds", "From the end of a call to its outcome.", (5, 10, 15, 20, 30, 45, 60, 120, 900)
)
RECORD_LAG_SECONDS = Histogram(
    "legwork_record_lag_seconds", "From the end of a call to its record.", (5, 10, 15, 20, 30, 45, 60, 120, 900)
)
DELIVERY_LAG_SECONDS = Histogram(
    "legwork_delivery_lag_seconds",
    "From an event's publication to its delivery.",
    (0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400),
    ("destination",),
)
DECLARED: Final = (
    NOTIFICATIONS,
    TRACKED,
    OTHER_EVENTS,
    OUTCOMES,
    REVISIONS,
    UNKNOWN_WORDS,
    RINGOUTS,
    MALFORMED_RECORDS,
    REQUESTS,
    FAILURES,
    DELIVERIES,
    DROPPED,
    ALERTS,
    TAKEN_OVER,
    INGEST_SECONDS,
    PUBLISH_SECONDS,
    RECORD_LAG_SECONDS,
    DELIVERY_LAG_SECONDS,
)

SESSIONS = Gauge("legwork_sessions", "Sessions, by what they wait for.", ("account", "state"))
OLDEST_OPEN = Gauge(
    "legwork_oldest_open_seconds", "Since when the quietest open session was not heard of.", ("account",)
)
OLDEST_DUE = Gauge(
    "legwork_oldest_due_seconds", "Since when the call log should have been asked about a session.", ("account",)
)
INBOX = Gauge("legwork_inbox_entries", "Notifications kept.", ("account",))
QUARANTINE = Gauge("legwork_quarantine_entries", "Bodies no notification could be read from.", ("account",))
CALLS_INDEXED = Gauge("legwork_calls_indexed", "Calls that can be searched.", ("account",))
BUDGET_LEFT = Gauge("legwork_budget_tokens", "Requests that may be sent at once.", ("account", "group"))
BUDGET_LIMIT = Gauge("legwork_budget_limit", "Requests RingCentral allows in a window.", ("account", "group"))
BUDGET_GATE = Gauge(
    "legwork_budget_gate_seconds", "How long nothing may be sent, because RingCentral said so.", ("account", "group")
)
BELLS_WAITING = Gauge("legwork_bells_waiting", "Bells rung that no worker has taken up.", ("stage",))
BELLS_LATE = Gauge("legwork_bells_late_seconds", "Since when the clock should have rung its oldest bell.")
REDIS_UNSAFE = Gauge("legwork_redis_unsafe", "1 for each check of /readyz that Redis fails, else 0.", ("check",))
REDIS_MEMORY = Gauge("legwork_redis_memory_bytes", "Memory that Redis uses.")
REDIS_MEMORY_LIMIT = Gauge("legwork_redis_memory_limit_bytes", "Memory that Redis may use; 0 where nothing limits it.")
BACKLOG = Gauge("legwork_delivery_backlog", "Events not delivered yet, by what they wait for.", ("destination", "kind"))
BACKLOG_SECONDS = Gauge(
    "legwork_delivery_backlog_seconds",
    "For how long the oldest event not delivered yet is late.",
    ("destination",),
)
DEAD_LETTERS = Gauge(
    "legwork_dead_letters", "Events that are not sent any more unless somebody asks.", ("destination",)
)
CALLS = Gauge(
    "legwork_calls", "Calls within the retention, by where they stand; unexplained must be 0.", ("account", "standing")
)
CALLS_KNOWN = Gauge(
    "legwork_calls_known", "Calls within the retention that any notification or the call log showed.", ("account",)
)
CALLS_IN_LOG = Gauge(
    "legwork_calls_in_log", "Calls within the retention that RingCentral's call log showed.", ("account",)
)
CALLS_COUNTED_AT = Gauge("legwork_calls_counted_at_seconds", "When they were counted last.", ("account",))
OPERATOR_ALERT = Gauge("legwork_operator_alert", "1 for each alert that is on.", ("what", "about", "severity"))

MOST_WORDS: Final = 100
"""Words of somebody else's that a process tells apart; they stay for ever, and whoever posts to us may invent them."""

OTHER_WORDS: Final = "(others)"

ABOVE_ALL: Final = "+Inf"
"""The label of durations that are above all bounds of their histogram."""

_BETWEEN: Final = "\x1f"
_MAX_LABEL: Final = 64

_Series = tuple[str, tuple[str | float, ...]]
"""A metric's name, its label values, and for a histogram which part of it: a bound, or the sum in microseconds."""


class Recorder:
    """Counts in memory and adds the counts to Redis every other second, from a thread of its own once started.

    What is counted is only noted at first, on deques, which need no lock: somebody waits for an answer meanwhile.
    """

    def __init__(self, redis: Redis | None = None) -> None:
        self._redis = redis
        self._counts: deque[tuple[Count, tuple[str, ...], int]] = deque()
        self._durations: deque[tuple[Histogram, tuple[str, ...], float]] = deque()
        self._pending: Counter[_Series] = Counter()
        self._words: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def count(self, metric: Count, *labels: str, by: int = 1) -> None:
        """Add to a count. Labels in the order of their declaration."""
        self._counts.append((metric, labels, by))
        if len(self._counts) >= MOST_NOTED:
            self._add_up()

    def observe(self, metric: Histogram, seconds: float, *labels: str) -> None:
        """Add one duration."""
        self._durations.append((metric, labels, seconds))
        if len(self._durations) >= MOST_NOTED:
            self._add_up()

    def _add_up(self) -> None:
        with self._lock:
            for _ in range(len(self._counts)):
                count, labels, by = self._counts.popleft()
                told = self._told_apart(count, labels) if count.takes_any_word else labels
                self._pending[count.name, told] += by
            for _ in range(len(self._durations)):
                metric, labels, seconds = self._durations.popleft()
                at = bisect_left(metric.buckets, seconds)
                bound = metric.buckets[at] if at < len(metric.buckets) else ABOVE_ALL
                self._pending[metric.name, (*labels, bound)] += 1
                self._pending[metric.name, (*labels, "sum")] += max(0, round(seconds * 1e6))

    def _told_apart(self, metric: Count, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Give the labels, the last word as one of all others once so many were told apart."""
        *others, word = labels
        known = self._words.setdefault(metric.name, set())
        if len(known) < MOST_WORDS:
            known.add(word)
        return labels if word in known else (*others, OTHER_WORDS)

    def flush(self) -> None:
        """Add what was counted to Redis. What cannot be added now is kept for the next time."""
        self._add_up()
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if self._redis is None or not pending:
            return
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                for (name, labels), value in pending.items():
                    pipeline.hincrby(keys.METRICS, _field(name, labels), value)
                pipeline.execute()
        except RedisError:
            with self._lock:
                self._pending += pending

    def start(self) -> None:
        """Flush every other second until `stop`."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Flush a last time."""
        self._stopped.set()
        with suppress(RedisError):
            self.flush()

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            self.flush()


def counted(redis: Redis, metric: Count, *labels: str) -> int:
    """Read a count, as far as it was added up."""
    return int(cast("bytes | None", redis.hget(keys.METRICS, _field(metric.name, labels).decode())) or 0)


def added_up(redis: Redis) -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """Read what all processes have counted: by the name of the metric, each of its series' labels and value."""
    values: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for field, value in cast("dict[bytes, bytes]", redis.hgetall(keys.METRICS)).items():
        name, *labels = field.decode().split(_BETWEEN)
        values.setdefault(name, []).append((tuple(labels), int(value)))
    return values


def forget(redis: Redis, label: str, is_gone: Callable[[str], bool]) -> None:
    """Forget what was counted by metrics that begin with this label, where it says something that is no more.

    A destination that is added has an id of its own, so that the series of them all would only ever become more.
    """
    named = {metric.name for metric in DECLARED if metric.labels[:1] == (label,)}
    fields = cast("list[bytes]", redis.hkeys(keys.METRICS))
    parts = [field.decode().split(_BETWEEN) for field in fields]
    gone = [one for one, (name, *labels) in zip(fields, parts, strict=True) if name in named and is_gone(labels[0])]
    if gone:
        redis.hdel(keys.METRICS, *gone)


def gauge(metric: Gauge, values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """Make a gauge from values read just now."""
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for label_values, value in values:
        family.add_metric(label_values, value)
    return family


def _field(name: str, labels: tuple[str | float, ...]) -> bytes:
    """Write a series as a field of the hash. Labels may be anybody's words, so they are cut and made encodable."""
    words = (str(label)[:_MAX_LABEL].replace(_BETWEEN, "") for label in labels)
    return _BETWEEN.join((name, *words)).encode("utf-8", "replace")
