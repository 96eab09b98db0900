"""The Grafana dashboard and the alert rules name metrics that there are, and each alert says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from runtime import gauges, metrics
from runtime.metrics import DECLARED, GAUGES, Histogram

OPS = Path(__file__).parent.parent / "docs" / "ops"
ALERTS, DASHBOARD = OPS / "alerts.yml", OPS / "grafana.json"


def known() -> set[str]:
    """Give the names as Prometheus has them."""
    names = {metric.name for metric in GAUGES}
    for metric in DECLARED:
        ends = ("", "_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("_total",)
        names |= {metric.name + end for end in ends}
    return names


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_every_metric_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\blegwork_[a-z_]+", path.read_text()))

    assert named
    assert named <= known()


def test_every_label_of_an_expression_is_one_of_its_metric() -> None:
    labels = {metric.name: set(metric.labels) for metric in (*DECLARED, *GAUGES)}
    text = ALERTS.read_text() + DASHBOARD.read_text().replace('\\"', '"')
    found = re.findall(r"\b(legwork_[a-z_]+?)(?:_total|_bucket|_sum|_count)?\{([^}]*)\}", text)

    assert found
    assert all(set(re.findall(r"(\w+)\s*[=!]", given)) <= labels[name] for name, given in found)


def test_every_alert_says_what_to_do_and_the_page_of_alerts_names_it() -> None:
    rules = re.split(r"\n\s+- alert: ", ALERTS.read_text())[1:]
    page = (OPS / "README.md").read_text()

    assert len(rules) > 10
    for rule in rules:
        name = rule.split("\n")[0]
        assert all(word in rule for word in ("expr:", "severity:", "summary:", "what_to_do:")), name
        assert f"`{name}`" in page, name


def test_every_panel_of_the_dashboard_asks_something() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]

    assert len({panel["title"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_every_gauge_that_is_told_is_declared(redis: Redis) -> None:
    text = metrics.render(redis, gauges.all(redis, ["acme"])).decode()

    told = {family.name for family in text_string_to_metric_families(text)}
    assert told == {metric.name for metric in (*DECLARED, *GAUGES)}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stdout + done.stderr
