"""What the page about receiving says, held against what is done."""

import re

import pytest

from tests.consumers.running import EXAMPLES
from workers.destinations.schedule import JITTER, SCHEDULE
from workers.destinations.signing import signed_headers

PAGE = (EXAMPLES / "README.md").read_text()
UNITS = {"s": 1, "min": 60, "h": 3600}


def vector(name: str) -> str:
    found = re.search(rf"^{name} +(.*)$", PAGE, re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_signature_on_the_page_is_ours() -> None:
    event_id, body, now = vector("webhook-id"), vector("body").encode(), int(vector("webhook-timestamp"))

    headers = signed_headers(event_id, body, (vector("secret"),), now=now)

    assert headers["webhook-signature"] == vector("webhook-signature")


def test_the_waits_on_the_page_are_those_of_the_schedule() -> None:
    told = re.search(r"tried at once and then after ([^,]+(?:, [^,]+)*?), each up to (\d+) %", PAGE.replace("\n", " "))
    assert told is not None
    waits = re.findall(r"(\d+) (s|min|h)\b", told[1])

    assert [int(number) * UNITS[unit] for number, unit in waits] == list(SCHEDULE[1:])
    assert int(told[2]) == round(100 * JITTER)


@pytest.mark.parametrize("name", ["flask_receiver.py", "node_receiver.mjs", "redis_group.py"])
def test_every_example_is_on_the_page(name: str) -> None:
    assert f"]({name})" in PAGE
