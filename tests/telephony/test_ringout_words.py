"""What the explanation of a RingOut's outcome says of its live status."""

from telephony.outcomes import derive
from telephony.records import Leg
from telephony.ringout_link import BY_ID, Linked
from telephony.ringout_status import Live
from telephony.ringout_words import AGREES, OVERRULED, explanations
from tests.builders.call_log import a_ringout, to_callee, to_caller
from tests.builders.notifications import SESSION_ID


def _said(live: Live, result: str, *legs: Leg) -> list[tuple[str, object, str]]:
    linked = Linked(SESSION_ID, BY_ID, "because")
    trigger, *why = explanations(derive([a_ringout(result, *legs)]), linked, live)
    assert trigger.field == "trigger"
    return [(one.field, one.value, one.rule) for one in why]


def test_a_live_word_is_told_with_what_the_call_log_makes_of_it() -> None:
    said = _said(Live("Success", "Success", "Success"), "No Answer", to_caller(), to_callee("No Answer"))

    assert said == [("callerStatus", "Success", AGREES), ("calleeStatus", "Success", OVERRULED)]


def test_a_live_word_that_claims_nothing_is_not_told() -> None:
    said = _said(Live("InProgress", "Success", "InProgress"), "No Answer", to_caller(), to_callee("No Answer"))

    assert said == [("callerStatus", "Success", AGREES)]
