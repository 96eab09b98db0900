"""The end-to-end benchmarks run: real processes, few calls. Their figures mean nothing here and are not looked at."""

import sys

import pytest

from scripts.benchmarks import call_log, growth, many_accounts
from scripts.benchmarks.call_log import BASELINE, FEED
from scripts.benchmarks.options import Options

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPU is read from /proc")


def test_the_busy_account_and_the_baseline_are_measured() -> None:
    result = call_log.run(Options(quick=True))

    assert [row[0] for row in result.tables[0].rows] == [FEED, BASELINE]


def test_growth_is_measured() -> None:
    result = growth.run(Options(quick=True))

    assert [row[0] for row in result.tables[0].rows] == [200]


def test_accounts_with_calls_and_without_are_measured() -> None:
    result = many_accounts.run(Options(quick=True))

    calls, idle = result.tables
    assert [row[0] for row in (*calls.rows, *idle.rows)] == [3, 3]
    assert [one.name for one in result.figures if one.goal] == ["calls without an outcome", "429s, all accounts"]
