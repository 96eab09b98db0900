"""The Grafana dashboard and the alert rules name metrics that there are, and each alert says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from runtime import metrics, prometheus
from runtime.bells import MOST_QUEUED
from runtime.metrics import INGEST_SECONDS, Count, Gauge, Histogram
from runtime.settings import Settings
from runtime.showing import gauges, glance
from telephony.operator_events import ALERTS as ALERT
from telephony.operator_events import What

OPS = Path(__file__).parent.parent / "docs" / "ops"
ALERTS, DASHBOARD = OPS / "alerts.yml", OPS / "grafana.json"
METRICS = [one for one in vars(metrics).values() if isinstance(one, Count | Gauge | Histogram)]
ENDS = {Count: ("_total",), Gauge: ("",), Histogram: ("", "_bucket", "_sum", "_count")}

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed"
)

UP = 'up{job="legwork", instance="a"}'
DROPPED = 'legwork_deliveries_dropped_total{destination="d-1", instance="a"}'
DEAD = 'legwork_dead_letters{destination="d-1", instance="a"}'
WORD = 'legwork_unknown_words_total{kind="result", word="Wound up", instance="a"}'
ASTRAY = 'legwork_notifications_total{account="?", answer="unknown_account", instance="a"}'
FAILED = 'legwork_failures_total{stage="resolve", error="Unavailable", instance="a"}'
TAKEN = 'legwork_leases_taken_over_total{stage="track", instance="a"}'
MALFORMED = 'legwork_tracked_total{account="acme", kind="malformed", instance="a"}'


def ingested(*, within: float) -> dict[str, str]:
    """Give the buckets when 97 notifications of a hundred are answered at once, and three within so many seconds."""
    return {
        f'legwork_ingest_seconds_bucket{{le="{bound}", instance="a"}}': f"0+{100 if bound >= within else 97}x90"
        for bound in INGEST_SECONDS.buckets
    } | {'legwork_ingest_seconds_bucket{le="+Inf", instance="a"}': "0+100x90"}


def bells(*, waiting: int, accounts: int, destinations: int = 0, stage: str = "upkeep") -> dict[str, str]:
    """Give what is told where so many bells of a stage wait; of accounts and destinations two processes tell."""
    series = {f'legwork_bells_waiting{{stage="{stage}", instance="a"}}': f"{waiting}x90"}
    for web in "ab":
        for number in range(accounts):
            series[f'legwork_calls_indexed{{account="acct-{number}", instance="{web}"}}'] = "0x90"
        for number in range(destinations):
            series[f'legwork_delivery_backlog_seconds{{destination="d-{number}", instance="{web}"}}'] = "0x90"
    return series


RINGS: dict[str, tuple[str, dict[str, str], bool]] = {
    "a web process that answers": ("LegworkDown", {UP: "1x90"}, False),
    "none that answers": ("LegworkDown", {UP: "1x80 0x9"}, True),
    "none that is known of any more": ("LegworkDown", {UP: "1x80"}, True),
    "a bell waits of each of a hundred accounts": ("LegworkBellsWait", bells(waiting=100, accounts=100), False),
    "more bells wait than there are accounts": ("LegworkBellsWait", bells(waiting=13, accounts=2), True),
    "nobody comes to very many accounts": ("LegworkBellsWait", bells(waiting=1000, accounts=1200), True),
    "a bell waits of each of many destinations": (
        "LegworkBellsWait",
        bells(waiting=30, accounts=1, destinations=30, stage="deliver"),
        False,
    ),
    "bells wait of the one destination": (
        "LegworkBellsWait",
        bells(waiting=12, accounts=20, destinations=1, stage="deliver"),
        True,
    ),
    "bells of destinations wait where there is none": (
        "LegworkBellsWait",
        bells(waiting=11, accounts=20, stage="deliver"),
        True,
    ),
    "events dropped for the first time": ("LegworkEventsDropped", {DROPPED: "_x70 3x20"}, True),
    "events dropped again": ("LegworkEventsDropped", {DROPPED: "3x70 5x20"}, True),
    "events dropped long ago": ("LegworkEventsDropped", {DROPPED: "3x90"}, False),
    "dropped long ago, told by a new web process": (
        "LegworkEventsDropped",
        {DROPPED: "3x90", DROPPED.replace('"a"', '"b"'): "_x70 3x20"},
        False,
    ),
    "a word for the first time": ("LegworkUnknownWords", {WORD: "_x70 1x20"}, True),
    "a body that nobody could read": ("LegworkBodiesQuarantined", {MALFORMED: "_x78 1x12"}, True),
    "notifications for an account there is not": ("LegworkNotificationsAstray", {ASTRAY: "0+1x90"}, True),
    "one that was, an hour ago": ("LegworkNotificationsAstray", {ASTRAY: "0+1x30 30x60"}, False),
    "events given up": ("LegworkDeadLetters", {DEAD: "0x78 7x12"}, True),
    "dead letters sent again": ("LegworkDeadLetters", {DEAD: "100x70 100-10x9 0x9"}, False),
    "a stage failed three times, as two web processes tell": (
        "LegworkStageFails",
        {FAILED: "1x75 4x14", FAILED.replace('"a"', '"b"'): "1x75 4x14"},
        False,
    ),
    "a stage failed seven times": ("LegworkStageFails", {FAILED: "1x75 8x14"}, True),
    "three leases taken over, as two web processes tell": (
        "LegworkLeasesTakenOver",
        {TAKEN: "1x75 4x14", TAKEN.replace('"a"', '"b"'): "1x75 4x14"},
        False,
    ),
    "three answers of a hundred within half a second": ("LegworkIngestSlow", ingested(within=0.5), False),
    "three answers of a hundred within a second": ("LegworkIngestSlow", ingested(within=1.0), True),
}
"""What happened in an hour and a half, minute by minute, and whether the alert is on at its end."""

AT_THE_END = "89m"


def known() -> set[str]:
    """Give the names as Prometheus has them."""
    return {metric.name + end for metric in METRICS for end in ENDS[type(metric)]}


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_every_metric_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\blegwork_[a-z_]+", path.read_text()))

    assert named
    assert named <= known()


def test_every_label_of_an_expression_is_one_of_its_metric() -> None:
    labels = {metric.name: set(metric.labels) for metric in METRICS}
    text = ALERTS.read_text() + DASHBOARD.read_text().replace('\\"', '"')
    found = re.findall(r"\b(legwork_[a-z_]+?)(?:_total|_bucket|_sum|_count)?\{([^}]*)\}", text)

    assert found
    assert all(set(re.findall(r"(\w+)\s*[=!]", given)) <= labels[name] for name, given in found)


def test_the_dashboard_adds_up_what_several_web_processes_tell_but_once() -> None:
    labels = {metric.name: set(metric.labels) for metric in METRICS}
    expressions = re.findall(r'"expr": "(.*)"', DASHBOARD.read_text())
    added = [one for one in expressions if re.search(r"\b(sum|count)\b", one) and "by (le" not in one]

    told_once = [
        re.search(r"max by \(([^)]*)\) \((?:rate\()?(legwork_[a-z_]+?)(?:_total)?[\[{)]", one) for one in added
    ]

    assert len(added) > 10
    assert all(found and set(found[1].split(", ")) == labels[found[2]] for found in told_once)


def test_every_alert_says_what_to_do_and_the_page_of_alerts_names_it() -> None:
    rules = re.split(r"\n\s+- alert: ", ALERTS.read_text())[1:]
    page = (OPS / "README.md").read_text()

    assert len(rules) > 10
    for rule in rules:
        name = rule.split("\n")[0]
        assert all(word in rule for word in ("expr:", "severity:", "summary:", "what_to_do:")), name
        assert f"`{name}`" in page, name


def test_unexplained_calls_are_looked_for_in_all_that_is_kept_for_so_they_are_counted() -> None:
    texts = (ALERTS.read_text(), (OPS / "README.md").read_text(), ALERT[What.COMPLETENESS_UNEXPLAINED].remedy)

    for text in texts:
        (days,) = set(re.findall(r"scripts/audit\.py(?: --since (\d+)d)?", text))
        assert int(days or 1) * 86400 >= Settings(redis_url="", accounts=()).retention_seconds


def test_now_tells_that_somebody_is_needed_at_the_bounds_of_the_alerts() -> None:
    text = ALERTS.read_text()

    def bounds(metric: str) -> set[float]:
        return {float(bound) for bound in re.findall(rf"{metric}(?:{{[^}}]*}})? > (\d+)", text)}

    assert bounds("legwork_oldest_due_seconds") == {glance.BEHIND_SECONDS}
    assert bounds("legwork_bells_late_seconds") == {glance.LATE_SECONDS}
    assert bounds("legwork_bells_waiting") == {glance.MANY_BELLS}
    assert set(re.findall(r"count by .*, (\d+)\)", text)) == {str(MOST_QUEUED - 1 - glance.MANY_BELLS)}


def test_every_panel_of_the_dashboard_asks_something() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]

    assert len({panel["title"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_every_gauge_that_is_told_is_declared(redis: Redis) -> None:
    text = prometheus.render(redis, gauges.all(redis, ["acme"])).decode()

    told = {family.name for family in text_string_to_metric_families(text)}
    assert told == {metric.name for metric in METRICS}


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("story", RINGS)
def test_an_alert_is_on_when_it_should_be_and_else_not(story: str, tmp_path: Path) -> None:
    alert, series, is_on = RINGS[story]
    count = {"labels": f'{{alertname="{alert}"}}', "value": 1}
    asked = {
        "expr": f'count by (alertname) (ALERTS{{alertname="{alert}", alertstate="firing"}})',
        "eval_time": AT_THE_END,
        "exp_samples": [count] if is_on else [],
    }
    told = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": told, "promql_expr_test": [asked]}
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(ALERTS)], "tests": [test]}))

    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stdout + done.stderr
