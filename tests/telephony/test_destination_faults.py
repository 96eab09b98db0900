"""What may be asked of a destination."""

import pytest

from telephony.destination_faults import LONGEST_LIST, LONGEST_TEXT, faults
from telephony.destinations import Changes, DestinationState, Draft

URL = "https://crm.example/hook"
FINE = Draft(
    url=URL,
    accounts=("default",),
    directions=("Inbound", "outbound"),
    numbers=("+16505550101",),
    fields=("outcome", "from"),
    description="The CRM of the sales team",
)


def test_what_names_only_what_there_is_has_no_fault() -> None:
    assert list(faults(FINE)) == []
    assert list(faults(Changes())) == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        (Draft(url=URL, fields=("outcome", "mood")), "/fields/1"),
        (Draft(url=URL, directions=("Sideways",)), "/directions/0"),
        (Draft(url=URL, accounts=("",)), "/accounts/0"),
        (Draft(url=URL, extensions=("1", "2\n3")), "/extensions/1"),
        (Draft(url=URL, accounts=("x" * (LONGEST_TEXT + 1),)), "/accounts/0"),
        (Draft(url=URL, fields=("Outcome",)), "/fields/0"),
        (Draft(url=URL, numbers=("1",) * (LONGEST_LIST + 1)), "/numbers"),
        (Draft(url=URL, description="x" * (LONGEST_TEXT + 1)), "/description"),
        (Changes(fields=("mood",)), "/fields/0"),
        (Changes(state=DestinationState.DISABLED), "/state"),
        (Changes(disabled_because="a whim"), "/disabledBecause"),
    ],
)
def test_a_fault_is_told_with_its_place(asked: Draft | Changes, pointer: str) -> None:
    assert [where for where, _ in faults(asked)] == [pointer]


def test_all_faults_are_told_at_once() -> None:
    asked = Draft(url=URL, fields=("mood",), directions=("Up", "Down"))

    assert len(list(faults(asked))) == 3


def test_an_account_is_named_as_in_the_settings_or_by_ringcentral_s_id() -> None:
    asked = Draft(url=URL, accounts=("acme", "400131426008", "acmee"))

    assert [where for where, _ in faults(asked, {"acme"})] == ["/accounts/2"]
    assert list(faults(Changes(), {"acme"})) == []
