"""Notifications are lost, doubled and shuffled, the subscription goes: all calls come out right, and accounted for."""

import pytest

from scripts.benchmarks import heal
from scripts.benchmarks.figures import render
from scripts.benchmarks.options import Options


@pytest.mark.timeout(120)
def test_every_call_comes_out_right_whatever_becomes_of_its_notifications() -> None:
    result = heal.run(Options(quick=True))

    assert all(one.is_met for one in result.figures), render(result)
