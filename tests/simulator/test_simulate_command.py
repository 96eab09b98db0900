"""The command: starts, plays, stops cleanly, and says what is wrong with its options."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from scripts.simulator import Configuration
from scripts.simulator.calls import Dealer
from tests.scripts.commands import run_here
from tests.simulator.client import Client
from tests.simulator.waiting import wait_until
from tests.simulator.webhook import Webhook

COMMAND = Path(__file__).resolve().parents[2] / "scripts" / "simulate.py"


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command on a free port, and give it with its address."""
    process = subprocess.Popen(
        [sys.executable, str(COMMAND), "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        yield process, ready["url"]
    finally:
        process.kill()
        process.communicate(timeout=5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_plays_to_a_webhook_and_stops_cleanly(webhook: Webhook, number: signal.Signals) -> None:
    options = ("--calls", "2", "--rate", "50", "--speed", "50", "--scenario", "outbound_busy")
    with running("--webhook", webhook.url, "--verification-token", "secret", *options) as (process, _):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"event": "played", "calls": 2}
        assert len(webhook.received) == 10
        assert webhook.received[0][0]["verification-token"] == "secret"

        process.send_signal(number)

        assert process.wait(timeout=5) == 0


def test_without_a_webhook_it_waits_for_a_subscription_and_may_play_a_seed_under_fresh_ids(webhook: Webhook) -> None:
    usual = next(Dealer(Configuration(seed=4)).deal(2)).sessions[0].telephony_session_id
    with running("--rate", "20", "--speed", "20", "--seed", "4", "--fresh-ids") as (process, url):
        assert requests.get(f"{url}/simulator/truth", timeout=5).json() == {"items": []}
        subscribe(url, webhook.url)

        wait_until(lambda: len(webhook.received) > 5)

        assert requests.get(f"{url}/simulator/status", timeout=5).json()["seed"] == 4
        played = requests.get(f"{url}/simulator/truth", timeout=5).json()["items"]
        assert usual not in {row["telephonySessionId"] for row in played}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def test_a_port_that_is_taken_is_a_failure(webhook: Webhook) -> None:
    done = run("--port", str(webhook.server_port))

    assert done.returncode == 1
    assert "cannot serve" in done.stderr


def test_a_webhook_that_breaks_the_handshake_is_a_failure(webhook: Webhook) -> None:
    webhook.answer.status = 500

    done = run("--port", "0", "--webhook", webhook.url)

    assert done.returncode == 1
    assert "HTTP status is 500" in done.stderr


@pytest.mark.parametrize(
    "options", [("--lag", "5,1"), ("--rate", "0"), ("--scenario", "none"), ("--calls", "-1"), ("--port", "70000")]
)
def test_options_that_make_no_sense_are_a_usage_error(options: tuple[str, ...]) -> None:
    assert run_here("simulate.py", *options, redis_url="").returncode == 2


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(COMMAND), *options], capture_output=True, text=True, timeout=30, check=False
    )


def subscribe(url: str, address: str) -> None:
    mode = {"transportType": "WebHook", "address": address}
    filters = ["/restapi/v1.0/account/~/telephony/sessions"]
    client = Client(url)
    answer = client.send("POST", "/subscription", {"eventFilters": filters, "deliveryMode": mode})
    client.session.close()
    assert answer.status_code == 200
