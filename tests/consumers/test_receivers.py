"""The receivers that people copy: they take what is ours, once, and keep the newest."""

import shutil
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from runtime.deliveries.destinations import new_secret
from telephony.events import CallEvent, encode, ended
from telephony.trial import trial
from tests.builders.events import an_outcome
from tests.builders.notifications import DISCONNECTED, SESSION_ID, second
from tests.builders.sessions import a_session
from tests.consumers.running import EXAMPLES, Receiver, receiving
from tests.scripts.publishing import outcome_of
from tests.simulator.waiting import wait_until
from workers.destinations.signing import signed_headers

SECRET = new_secret()
LAST = outcome_of("s-last")
NODE = shutil.which("node")
COMMANDS = {
    "flask": [sys.executable, str(EXAMPLES / "flask_receiver.py")],
    "node": [NODE or "node", str(EXAMPLES / "node_receiver.mjs")],
}


@pytest.fixture(params=COMMANDS)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    if request.param == "node" and NODE is None:
        pytest.skip("node is not on the PATH: the Node receiver is not tried")
    with receiving(COMMANDS[request.param], {"LEGWORK_SECRET": SECRET}, cwd=tmp_path) as running:
        yield running


def send(receiver: Receiver, event: CallEvent, *secrets: str, age: float = 0) -> int:
    """Send an event as a destination is sent it."""
    body = encode(event)
    return receiver.post(signed_headers(event.id, body, secrets or (SECRET,), now=time.time() - age), body)


def kept(receiver: Receiver) -> list[str]:
    """Give what it says it kept so far. What it prints comes by another way than its answers: a last event ends it."""
    assert send(receiver, LAST) == 204
    wait_until(lambda: f"{LAST.subject} revision 1" in receiver.program.kept())
    return receiver.program.kept()[:-1]


def revision(number: int) -> CallEvent:
    return an_outcome(revision=number) if number else ended(a_session(caller=DISCONNECTED), now=second(3))


def test_an_event_is_kept_once_however_often_it_comes(receiver: Receiver) -> None:
    statuses = [send(receiver, revision(1)) for _ in range(3)]

    assert statuses == [204, 204, 204]
    assert kept(receiver) == [f"{SESSION_ID} revision 1"]


def test_of_a_call_the_newest_revision_is_kept_in_whatever_order_they_come(receiver: Receiver) -> None:
    statuses = [send(receiver, revision(number)) for number in (0, 2, 1, 3, 0)]

    assert statuses == [204] * 5
    assert kept(receiver) == [f"{SESSION_ID} revision {number}" for number in (0, 2, 3)]


def test_while_a_secret_rotates_either_is_enough(receiver: Receiver) -> None:
    assert send(receiver, revision(1), new_secret(), SECRET) == 204
    assert send(receiver, revision(2), SECRET, new_secret()) == 204


def test_a_stranger_is_refused(receiver: Receiver) -> None:
    event = revision(1)
    body = encode(event)
    headers = signed_headers(event.id, body, (SECRET,), now=time.time())
    signature = {**headers, "webhook-signature": "v1," + b64encode(b"x" * 32).decode()}
    unsigned = {name: value for name, value in headers.items() if name != "webhook-signature"}

    assert send(receiver, event, new_secret()) == 401
    assert receiver.post(headers, body.replace(b"answered", b"missed")) == 401
    assert receiver.post({**headers, "webhook-id": "s-other/1"}, body) == 401
    assert receiver.post(signature, body) == 401
    assert receiver.post({**headers, "webhook-signature": "v1"}, body) == 401
    assert receiver.post({**headers, "webhook-timestamp": "now"}, body) == 401
    assert receiver.post(unsigned, body) == 401
    assert receiver.post({}, body) == 401
    assert kept(receiver) == []


@pytest.mark.parametrize("age", [400, -400])
def test_what_was_signed_long_ago_or_in_the_future_is_refused(receiver: Receiver, age: float) -> None:
    assert send(receiver, revision(1), age=age) == 401


def test_a_test_is_answered_and_not_kept(receiver: Receiver) -> None:
    event = trial("dst_1", "1", now=second(1))
    body = encode(event)

    assert receiver.post(signed_headers(event.id, body, (SECRET,), now=time.time()), body) == 204
    assert kept(receiver) == []


def test_a_type_that_does_not_exist_yet_is_answered_and_takes_nobodys_place(receiver: Receiver) -> None:
    summary = msgspec.to_builtins(revision(1)) | {
        "id": f"{SESSION_ID}/words",
        "type": "legwork.call.summary",
        "data": {},
    }
    body = msgspec.json.encode(summary)

    assert send(receiver, revision(1)) == 204
    assert receiver.post(signed_headers(summary["id"], body, (SECRET,), now=time.time()), body) == 204
    assert kept(receiver) == [f"{SESSION_ID} revision 1"]


def test_a_giant_is_refused(receiver: Receiver) -> None:
    assert receiver.post({}, b"x" * (2 * 1024 * 1024)) == 413
