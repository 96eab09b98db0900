"""What a call that is on is doing, in one word."""

import pytest

from telephony.sessions import Session
from tests.builders.notifications import DISCONNECTED
from tests.builders.sessions import a_session
from web.dashboard.live_states import live_state


@pytest.mark.parametrize(
    ("caller", "agent", "word"),
    [
        ("Answered", "Answered", "talking"),
        ("Answered", "Proceeding", "ringing"),
        ("Hold", "Answered", "on hold"),
        ("Whispering", DISCONNECTED, "on now"),
        (DISCONNECTED, DISCONNECTED, "ending"),
    ],
)
def test_whatever_keeps_somebody_waiting_is_said_first_and_an_unknown_code_is_no_end(
    caller: str, agent: str, word: str
) -> None:
    assert live_state(a_session(caller=caller, agent=agent)) == word


def test_a_call_of_which_no_party_is_known_yet_begins() -> None:
    assert live_state(Session("s-1")) == "beginning"
