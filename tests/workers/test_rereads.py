"""What is left of the minutes in which calls are looked at again."""

from datetime import timedelta

from runtime import keys
from runtime.asking import Asking
from telephony.fetch_plan import Window
from telephony.times import moment_at
from tests.workers.office import ACCOUNT
from workers.resolving import rereads
from workers.resolving.rereads import STARTS_SECONDS, TOO_LATE_SECONDS
from workers.resolving.sweep import Sweep

WHEN = 1_790_000_100
MINUTE = Window(moment_at(WHEN - 300), moment_at(WHEN - 300 + STARTS_SECONDS))
MEMBER = f"{WHEN}:{WHEN - 300}"
UNANSWERED = Sweep(Asking())


def test_a_minute_without_an_answer_is_kept_and_given_up_once_it_is_too_late() -> None:
    in_time, late = (WHEN + TOO_LATE_SECONDS + off for off in (-1, 1))

    assert rereads.done(ACCOUNT, {MEMBER: MINUTE}, UNANSWERED, in_time) == []
    assert rereads.done(ACCOUNT, {MEMBER: MINUTE}, UNANSWERED, late) == [("ZREM", keys.rereads(ACCOUNT), MEMBER)]


def test_what_is_left_of_a_minute_is_kept_with_the_seconds_at_its_edges() -> None:
    middle = Window(*(MINUTE.date_from + timedelta(seconds=off) for off in (10.5, 20.5)))
    found = Sweep(Asking(), answered=[middle])

    gone, *kept = rereads.done(ACCOUNT, {MEMBER: MINUTE}, found, WHEN)

    begin = WHEN - 300
    assert gone == ("ZREM", keys.rereads(ACCOUNT), MEMBER)
    assert [one[-1] for one in kept] == [f"{WHEN}:{begin}:{begin + 11}", f"{WHEN}:{begin + 20}:{begin + 60}"]


def test_a_minute_is_wanted_from_its_beginning_to_its_end() -> None:
    moments = [one.started_at for one in rereads.wanted([MINUTE])]

    assert (moments[0], moments[-1]) == (MINUTE.date_from, MINUTE.date_to)
