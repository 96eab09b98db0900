"""Which calls somebody means."""

from typing import Any

import msgspec
import pytest

from telephony.records import ExtensionRef, PhoneParty
from telephony.selection import Selection, began, takes
from telephony.words import Outcome
from tests.builders.call_log import a_leg, a_record, after
from tests.builders.events import an_outcome
from tests.builders.notifications import CALLERS_NUMBER, MIRA

RUNG = a_leg(
    to=PhoneParty("+1 (650) 555-0177", extension_number="177", extension_id="60200177"),
    extension=ExtensionRef(id=60200178),
)
DATA = an_outcome(a_record("Accepted", RUNG, from_=PhoneParty(CALLERS_NUMBER), to=PhoneParty("101"))).data


def told(**fields: Any) -> Any:
    return msgspec.structs.replace(DATA, **fields)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({}, True),
        ({"number": "212 555 0111"}, True),
        ({"number": "650-555-0177"}, True),
        ({"number": "101"}, True),
        ({"number": "+12125550199"}, False),
        ({"number": "nobody"}, False),
        ({"extension": MIRA}, True),
        ({"extension": "177"}, True),
        ({"extension": "60200177"}, True),
        ({"extension": "60200178"}, True),
        ({"extension": "178"}, False),
        ({"outcomes": (Outcome.MISSED, Outcome.ANSWERED)}, True),
        ({"outcomes": (Outcome.MISSED,)}, False),
        ({"unresolved": True}, False),
        ({"number": CALLERS_NUMBER, "outcomes": (Outcome.MISSED,)}, False),
        ({"number": CALLERS_NUMBER, "extension": "178"}, False),
    ],
    ids=str,
)
def test_a_call_is_meant_if_all_that_is_named_is_true_of_it(asked: dict[str, Any], *, meant: bool) -> None:
    assert takes(Selection(**asked), DATA) is meant


@pytest.mark.parametrize(("revision", "confirmed", "meant"), [(1, False, True), (0, False, False), (2, True, False)])
def test_a_call_was_given_up_if_its_newest_outcome_is_not_confirmed(
    revision: int, *, confirmed: bool, meant: bool
) -> None:
    assert takes(Selection(unresolved=True), told(revision=revision, confirmed=confirmed)) is meant


def test_a_call_began_when_its_records_say_or_else_when_it_was_first_heard_of() -> None:
    unheard = msgspec.structs.replace(DATA.timing, first_event_at=None)

    assert began(DATA) == after(0).timestamp()
    assert began(told(start_time=None)) == after(2).timestamp()
    assert began(told(start_time=None, timing=unheard)) is None


@pytest.mark.parametrize(
    ("asked", "everything", "by_id", "how_it_ended"),
    [
        ({}, True, False, False),
        ({"calls": ("s-1",)}, False, True, False),
        ({"calls": ("s-1",), "number": "101"}, False, False, False),
        ({"since": 1.0}, False, False, False),
        ({"outcomes": (Outcome.MISSED,)}, False, False, True),
        ({"destination": "dst_1"}, False, False, True),
        ({"unresolved": True}, False, False, True),
        ({"failed": True}, False, False, False),
    ],
    ids=str,
)
def test_what_was_said_of_the_calls_tells_where_to_look(
    asked: dict[str, Any], *, everything: bool, by_id: bool, how_it_ended: bool
) -> None:
    selection = Selection(**asked)

    assert (selection.is_everything, selection.is_by_id_alone, selection.asks_how_it_ended) == (
        everything,
        by_id,
        how_it_ended,
    )
