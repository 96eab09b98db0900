"""What a call that is on is doing, in one word."""

import pytest

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
