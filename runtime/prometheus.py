"""Write what was counted, and what stands as it does just now, as Prometheus reads it."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from redis import Redis

from runtime.metrics import ABOVE_ALL, DECLARED, Count, Histogram, added_up


def render(redis: Redis, gauges: Iterable[Metric] = ()) -> bytes:
    """Write all metrics."""
    registry = CollectorRegistry()
    registry.register(_Collected(redis, gauges))
    return generate_latest(registry)


class _Collected(Collector):
    """The counts in Redis, as prometheus_client wants them."""

    def __init__(self, redis: Redis, gauges: Iterable[Metric]) -> None:
        self._redis = redis
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        values = added_up(self._redis)
        for metric in DECLARED:
            found = values.get(metric.name, [])
            yield _counted(metric, found) if isinstance(metric, Count) else _measured(metric, found)
        yield from self._gauges


def _counted(metric: Count, values: list[tuple[tuple[str, ...], int]]) -> Metric:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _measured(metric: Histogram, values: list[tuple[tuple[str, ...], int]]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    series: dict[tuple[str, ...], dict[str, int]] = {}
    for labels, value in values:
        series.setdefault(labels[:-1], {})[labels[-1]] = value
    bounds = [*((str(bound), float(bound)) for bound in metric.buckets), (ABOVE_ALL, float(ABOVE_ALL))]
    for labels, found in series.items():
        total = found.pop("sum", 0)
        # What another version has counted in a bucket that is none of ours is in the next one, or it would be in none.
        counts = [(float(bound), count) for bound, count in found.items()]
        buckets = [(text, float(sum(count for at, count in counts if at <= bound))) for text, bound in bounds]
        family.add_metric(labels, buckets, total / 1e6)
    return family
