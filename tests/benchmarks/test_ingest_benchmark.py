"""The ingest benchmark gives figures, and what it counts is true. How fast this machine is today is nobody's test."""

import sys

import pytest

from scripts.benchmarks import ingest
from scripts.benchmarks.figures import render
from scripts.benchmarks.options import Options
from scripts.benchmarks.posting import Answers


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPU is read from /proc")
def test_both_routes_are_measured_and_nothing_acknowledged_is_lost() -> None:
    result = ingest.run(Options(quick=True, say=lambda _: None))

    figures = {figure.name: figure.value for figure in result.figures}
    assert figures["acknowledged, but not stored"] == 0
    assert figures["not acknowledged"] == 0
    assert all(value is not None and value >= 0 for value in figures.values())
    assert [row[:2] for row in result.tables[0].rows] == [
        (route, load) for load in ("peak", "half of peak", "crowd") for route in ("empty Flask", "durable")
    ]
    assert "durable" in render(result)


def test_a_quantile_is_the_latency_so_many_did_not_exceed() -> None:
    answers = Answers(seconds=2.0, statuses={200: 100}, latencies=tuple(number / 100 for number in range(1, 101)))

    assert (answers.quantile(0.5), answers.quantile(0.99), answers.rate) == (0.51, 1.0, 50)
