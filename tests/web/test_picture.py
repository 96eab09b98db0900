"""Whose name stands beside each leg in the picture of a call: who was rung by it, or came in by it."""

import pytest

from telephony.call_log import decode_record
from tests.builders.events import an_outcome
from tests.telephony.test_call_log_samples import SAMPLES
from web.dashboard.picture import picture


@pytest.mark.parametrize("family", ["", "web_", "device_"])
def test_a_leg_of_a_ringout_bears_the_name_of_whom_it_rang(family: str) -> None:
    named = who_by_role(f"ringout_{family}both_connected")

    assert named == {"caller": "Nora Lindqvist", "callee": "Sam Okoye"}


def test_a_ringout_whose_caller_was_busy_names_the_caller() -> None:
    assert who_by_role("ringout_caller_busy") == {"caller": "Nora Lindqvist"}


def test_elsewhere_the_caller_is_whom_the_leg_came_from_and_an_agent_whom_it_went_to() -> None:
    assert who_by_role("inbound_missed") == {"caller": "R. Okafor", "agent": "Alice Moreau"}


def who_by_role(name: str) -> dict[str, str | None]:
    """Draw the call of a sample, and say whose name stands beside the leg of each role."""
    record = decode_record((SAMPLES / f"{name}.json").read_bytes())
    return {bar.leg.role: bar.who.name for bar in picture(an_outcome(record).data).bars}
