"""From the API to a copied receiver: real workers send what a destination asked for, and the receiver keeps it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from scripts.supervisor.environment import free_port
from telephony.events import ended
from tests.builders.call_log import a_record
from tests.builders.events import an_outcome
from tests.builders.notifications import DISCONNECTED, SESSION_ID, second
from tests.builders.sessions import a_session
from tests.consumers.running import EXAMPLES, Program, receiving, running
from tests.scripts.commands import SCRIPTS
from tests.scripts.publishing import outcome_of, publish
from tests.simulator.waiting import wait_until
from tests.web.api_client import Client, an_app

ROOT = SCRIPTS.parent
LOCAL = "127.0.0.0/8"


@pytest.fixture
def _workers(redis_url: str) -> Iterator[list[Program]]:
    """Run what sends: the deliver stage, and the clock."""
    environment = {"REDIS_URL": redis_url, "ALLOW_PRIVATE_DESTINATIONS": LOCAL}
    with ExitStack() as stack:
        yield [
            stack.enter_context(running([sys.executable, "-m", "workers", name], environment, cwd=ROOT))
            for name in ("deliver", "clock")
        ]


@pytest.mark.usefixtures("_workers")
def test_what_the_api_adds_is_tried_sent_and_kept(redis: Redis, tmp_path: Path) -> None:
    port, client = free_port(), Client(an_app(redis, allow=LOCAL))
    made = client.add(url=f"http://127.0.0.1:{port}/hook", include="both", outcomes=["answered", "abandoned"])
    path = f"/destinations/{made['id']}"
    command = [sys.executable, str(EXAMPLES / "flask_receiver.py")]

    with receiving(command, {"LEGWORK_SECRET": made["secret"]}, cwd=tmp_path, port=port) as receiver:
        wait_until(lambda: tried(client, path) == "delivered", seconds=60)

        ending, another = ended(a_session(caller=DISCONNECTED), now=second(3)), outcome_of("s-2")
        asked_for = (ending, an_outcome(), an_outcome(revision=2), another)
        publish(redis, *asked_for[:3])
        publish(redis, outcome_of("s-missed", a_record("Missed")), another)
        wanted = {f"{SESSION_ID} revision {number}" for number in (0, 1, 2)} | {"s-2 revision 1"}
        wait_until(lambda: wanted <= set(receiver.program.kept()), seconds=30)
        wait_until(lambda: client.ask("GET", path).json["status"]["backlog"] == 0, seconds=30)

    kept = receiver.program.kept()
    assert set(kept) == wanted
    assert [line for line in kept if line.startswith(SESSION_ID)] == [
        f"{SESSION_ID} revision {number}" for number in (0, 1, 2)
    ]
    assert {verdicts(client, path).get(event.id) for event in asked_for} == {"delivered"}


def tried(client: Client, path: str) -> str:
    """Have a test event sent, and give what became of it; it is sent once, whoever is busy."""
    event: str = client.ask("POST", f"{path}/test").json["id"]
    wait_until(lambda: event in verdicts(client, path), seconds=30)
    return verdicts(client, path)[event]


def verdicts(client: Client, path: str) -> dict[str, str]:
    """Give what became of each event at last."""
    newest_first: list[dict[str, Any]] = client.ask("GET", f"{path}/attempts").json["items"]
    return {one["eventId"]: one["verdict"] for one in reversed(newest_first)}
