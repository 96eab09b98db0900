"""The picture of a call: whose name stands beside each leg, and when and for how long it was rung."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from telephony.call_log import decode_record
from telephony.records import Leg
from telephony.times import iso_ms
from tests.builders.call_log import a_leg, a_record, after, an_accept_leg
from tests.builders.events import an_outcome
from tests.telephony.test_call_log_samples import SAMPLES
from web.dashboard.picture import WIDE, Picture, picture

CAME_IN = an_accept_leg(duration=40)


@pytest.mark.parametrize("family", ["", "web_", "device_"])
def test_a_leg_of_a_ringout_bears_the_name_of_whom_it_rang(family: str) -> None:
    named = who_by_role(f"ringout_{family}both_connected")

    assert named == {"caller": "Nora Lindqvist", "callee": "Sam Okoye"}


def test_a_ringout_whose_caller_was_busy_names_the_caller() -> None:
    assert who_by_role("ringout_caller_busy") == {"caller": "Nora Lindqvist"}


def test_elsewhere_the_caller_is_whom_the_leg_came_from_and_an_agent_whom_it_went_to() -> None:
    assert who_by_role("inbound_missed") == {"caller": "R. Okafor", "agent": "Alice Moreau"}


def test_a_leg_is_drawn_from_when_it_began_for_as_long_as_it_lasted() -> None:
    rung = a_leg(start_time=after(10), duration=20)

    drawn = drawing(CAME_IN, rung)

    assert (drawn.seconds, drawn.ticks) == (40.0, (0, 20, 40))
    assert [(one.x, one.width, one.after) for one in drawn.bars] == [(0, WIDE, 0.0), (WIDE // 4, WIDE // 2, 10.0)]


def test_a_leg_that_took_no_time_is_seen_all_the_same_though_it_was_the_last() -> None:
    last = a_leg(start_time=after(40), duration=None)

    *_, bar = drawing(CAME_IN, last).bars

    assert bar.width > 0
    assert bar.x == WIDE - bar.width


@pytest.mark.parametrize(("legs", "seconds"), [((CAME_IN,), 40.0), ((), 1.0)])
def test_a_leg_of_which_nobody_knows_when_it_began_is_named_and_not_drawn(
    legs: tuple[Leg, ...], seconds: float
) -> None:
    drawn = drawing(*legs, a_leg("Hunting", start_time=None, duration=90))

    *_, bar = drawn.bars
    assert (bar.leg.leg_type, bar.x, bar.width, bar.after) == ("Hunting", None, 0, None)
    assert (drawn.seconds, drawn.answered) == (seconds, None)


@pytest.mark.parametrize(("duration", "ticks"), [(0, (0, 1)), (1, (0, 1)), (2, (0, 1, 2)), (41, (0, 20, 41))])
def test_below_the_picture_stand_whole_seconds(duration: int, ticks: tuple[int, ...]) -> None:
    assert drawing(an_accept_leg(duration=duration)).ticks == ticks


@pytest.mark.parametrize(
    ("answered", "mark"),
    [(after(10), WIDE // 4), (after(0), 0), (after(40), WIDE), (after(-1), None), (after(41), None), (None, None)],
)
def test_where_somebody_took_the_call_is_marked_if_it_is_within_the_picture(
    answered: datetime | None, mark: int | None
) -> None:
    assert drawing(CAME_IN, answer_time=answered and iso_ms(answered)).answered == mark


def drawing(*legs: Leg, **fields: Any) -> Picture:
    """Draw the call of a record with these legs."""
    data = an_outcome(a_record("Accepted", *legs)).data
    return picture(msgspec.structs.replace(data, **{"answer_time": None} | fields))


def who_by_role(name: str) -> dict[str, str | None]:
    """Draw the call of a sample, and say whose name stands beside the leg of each role."""
    record = decode_record((SAMPLES / f"{name}.json").read_bytes())
    return {bar.leg.role: bar.who.name for bar in picture(an_outcome(record).data).bars}
