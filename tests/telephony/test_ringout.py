from itertools import permutations

import pytest

from telephony.ringout import is_ringout, sides
from telephony.words import LegStatus
from tests.builders.call_log import a_leg, a_record, after, to_callee, to_caller


@pytest.mark.parametrize("family", ["Client", "Device", "Web", "OneLeg"])
def test_every_family_has_a_caller_leg(family: str) -> None:
    assert sides([to_caller("Call connected", family=family)]).caller.status == "Call connected"


@pytest.mark.parametrize("family", ["Client", "Device", "Web"])
def test_three_families_have_a_callee_leg(family: str) -> None:
    assert sides([to_callee("No Answer", family=family)]).callee.status == "No Answer"


def test_the_order_of_the_legs_does_not_matter() -> None:
    legs = [to_caller("Call connected"), to_callee("Busy"), a_leg("PstnToSip", "Stopped")]

    found = [sides(order) for order in permutations(legs)]

    assert {(both.caller.status, both.callee.status) for both in found} == {("Call connected", "Busy")}


def test_with_one_leg_the_other_party_was_never_called() -> None:
    both = sides([to_caller("Busy")])

    assert (both.caller.status, both.caller.outcome) == ("Busy", LegStatus.BUSY)
    assert (both.callee.status, both.callee.outcome) == (None, LegStatus.NOT_ATTEMPTED)
    assert sides([to_callee("Busy")]).caller.outcome is LegStatus.NOT_ATTEMPTED


def test_a_ringout_by_one_leg_is_known_by_that_leg_whatever_else_rang() -> None:
    assert sides([a_leg(), to_caller(family="OneLeg")]).by_one_leg
    assert not sides([a_leg(), to_caller()]).by_one_leg


def test_a_leg_without_a_result_has_no_status_and_is_unknown_not_unattempted() -> None:
    both = sides([to_caller(None), to_callee("Call connected")])

    assert (both.caller.status, both.caller.outcome) == (None, LegStatus.UNKNOWN)
    assert (both.caller.leg, both.caller.rule) == (0, "ringout-leg-without-result")


def test_without_any_leg_nobody_can_say_who_was_called() -> None:
    both = sides([])

    assert (both.caller.outcome, both.callee.outcome) == (LegStatus.UNKNOWN, LegStatus.UNKNOWN)


def test_of_several_legs_the_connected_one_counts() -> None:
    early, late = to_callee("Call connected", start_time=after(5)), to_callee("No Answer", start_time=after(30))

    for legs in permutations([to_caller(), early, late]):
        assert (sides(legs).callee.status, sides(legs).callee.rule) == ("Call connected", "ringout-best-leg")


def test_of_several_unconnected_legs_the_latest_counts() -> None:
    early, late = to_callee("No Answer", start_time=after(5)), to_callee("Busy", start_time=after(30))
    undated = to_callee("Rejected", start_time=None)

    for legs in permutations([undated, early, late]):
        assert sides(legs).callee.status == "Busy"


def test_legs_alike_but_for_their_result_give_the_same_status_in_any_order() -> None:
    legs = [to_callee("Busy"), to_callee("No Answer"), to_callee("Rejected")]

    assert len({sides(order).callee.status for order in permutations(legs)}) == 1


def test_the_status_is_ringcentrals_word_as_it_stands() -> None:
    assert sides([to_caller("hang up")]).caller.status == "hang up"


def test_a_leg_makes_a_ringout() -> None:
    assert is_ringout(a_record("Accepted", to_caller(), action="Phone Call"))


@pytest.mark.parametrize("action", ["RingOut Web", "RingOut PC", "RingOut Mobile", "ringout web"])
def test_an_action_makes_a_ringout(action: str) -> None:
    assert is_ringout(a_record(action=action))


@pytest.mark.parametrize("origin", ["RingOut", "ringout"])
def test_the_origin_of_the_notifications_makes_a_ringout(origin: str) -> None:
    assert is_ringout(a_record(action="VoIP Call"), origin)


def test_nothing_else_makes_a_ringout() -> None:
    assert not is_ringout(a_record("Accepted", a_leg("PstnToSip")), "Call")
    assert not is_ringout(a_record(None, action=None))
