import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.results import STATUS_BY_RESULT, is_known_result, status_of
from telephony.words import LegStatus

PUBLISHED = """
911
933
Abandoned
Accepted
Answered Elsewhere
Answered Not Accepted
Blocked
Busy
Call connected
Call Failed
Call Failure
Callback requested
Carrier is not active
Declined
EDGE trunk misconfigured
Fax Not Sent
Fax on Demand
Fax Partially Sent
Fax Poor Line
Fax Receipt Error
Hang Up
In Progress
Internal Error
International Disabled
International Restricted
IP Phone Offline
Missed
No Answer
No Calling Credit
Not Allowed
Partial Receive
Phone Login
Receive Error
Received
Rejected
Reply
Restricted Number
Send Error
Sent
Sent to Voicemail
Stopped
Suspended account
Unknown
Voicemail
Wrong Number
""".strip().splitlines()
SEEN_ELSEWHERE = ["Hang up", "Call accepted", "Suspended Account", "Connected", "Ringing Elsewhere"]


def test_the_published_results_are_45() -> None:
    assert len(set(PUBLISHED)) == 45


@pytest.mark.parametrize("result", PUBLISHED)
def test_every_published_result_has_a_row(result: str) -> None:
    assert result in STATUS_BY_RESULT


@pytest.mark.parametrize("result", [word for word in PUBLISHED if word != "Unknown"] + SEEN_ELSEWHERE)
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_every_result_has_a_word_of_ours(result: str, direction: str) -> None:
    assert status_of(result, direction=direction) is not LegStatus.UNKNOWN


@pytest.mark.parametrize("result", PUBLISHED)
def test_case_does_not_matter(result: str) -> None:
    assert status_of(result.upper(), direction="INBOUND") is status_of(result, direction="Inbound")


def test_who_hangs_up_before_the_answer_is_whoever_called() -> None:
    assert status_of("Hang Up", direction="Inbound") is LegStatus.ABANDONED
    assert status_of("Hang Up", direction="Outbound") is LegStatus.CANCELLED
    assert status_of("Hang Up", direction=None) is LegStatus.ABANDONED


@given(st.text(), st.none() | st.text())
def test_a_word_never_seen_is_unknown_and_never_an_error(word: str, direction: str | None) -> None:
    status = status_of(word, direction=direction)

    assert is_known_result(word) or status is LegStatus.UNKNOWN


def test_no_word_is_unknown() -> None:
    assert status_of(None, direction="Inbound") is LegStatus.UNKNOWN
    assert status_of("", direction="Inbound") is LegStatus.UNKNOWN
