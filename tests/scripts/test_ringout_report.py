"""What `scripts/ringout.py` tells of the outcome of a RingOut."""

from msgspec.structs import replace

from scripts.terminal.ringout_report import _outcome
from telephony.events import ended
from tests.builders.call_log import a_ringout, to_callee, to_caller
from tests.builders.events import an_outcome
from tests.builders.notifications import DISCONNECTED, second
from tests.builders.sessions import a_session

BUSY = an_outcome(a_ringout("Busy", to_caller(), to_callee("Busy"))).data
SIDES = ["callerStatus: Call connected (answered)", "calleeStatus: Busy (busy)"]


def test_the_word_of_the_call_log_is_told_with_both_sides() -> None:
    assert list(_outcome(BUSY)) == ["outcome: busy (revision 1, confirmed by the call log: Busy)", *SIDES]


def test_so_is_what_a_record_says_that_never_became_final() -> None:
    told = list(_outcome(replace(BUSY, confirmed=False)))

    assert told == ["outcome: busy (revision 1, by a record of the call log that is not final: Busy)", *SIDES]


def test_of_what_was_only_heard_nothing_is_told_yet() -> None:
    over = ended(a_session(caller=DISCONNECTED, agent=DISCONNECTED), now=second(5))

    assert list(_outcome(over.data)) == []
