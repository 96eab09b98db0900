"""The dashboards that are open beside a benchmark."""

from pathlib import Path

import pytest

from scripts.benchmarks.dashboards import Dashboard
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests.web.served import serve


def test_no_proxy_of_the_environment_is_asked_for_the_login(
    tmp_path: Path, watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # where nobody listens

    with (
        EmbeddedRedis(tmp_path / "redis", watchdog=watchdog) as server,
        serve(server, tmp_path, watchdog, ADMIN_TOKEN="open") as served,
    ):
        assert Dashboard(f"http://127.0.0.1:{served.port}", "open").told == 0
