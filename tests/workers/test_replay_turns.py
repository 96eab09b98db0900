"""Which calls of a replay are asked about next, where RingCentral had no answer for some."""

from datetime import UTC, datetime, timedelta

from runtime.replays import Unanswered
from telephony.fetch_plan import LookUp, Request, Wanted, Window
from workers.replaying.replay_turns import LONG_AGO, MOST, next_request, without_answer

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = (NINE + timedelta(days=1)).timestamp()


def calls(count: int, *, begin: datetime = NINE, every: float = 60.0, name: str = "s") -> list[Wanted]:
    """Want so many calls that began one after the other."""
    return [Wanted(f"{name}-{number}", begin + timedelta(seconds=every * number)) for number in range(count)]


def asked(wanted: list[Wanted], *failed: Request) -> Request:
    """Give what is asked for after those failed."""
    unanswered: tuple[Unanswered, ...] = ()
    for one in failed:
        unanswered = without_answer(unanswered, one)
    return next_request(wanted, unanswered, density=None, now=NOW)


def covered(request: Request, wanted: list[Wanted]) -> int:
    """Count the calls that a window is for."""
    return sum(isinstance(request, Window) and request.covers(one.started_at) for one in wanted)


def test_what_failed_comes_behind_all_others() -> None:
    crowd, others = calls(100), calls(3, begin=NINE + timedelta(hours=30), name="other")
    first = asked([*crowd, *others])
    assert covered(first, crowd) == 100

    second = asked([*crowd, *others], first)

    assert (covered(second, crowd), covered(second, others)) == (0, 3)


def test_a_stretch_that_failed_is_asked_for_in_halves_until_its_calls_are_looked_up_alone() -> None:
    wanted, failed, sizes = calls(64), list[Request](), list[int]()
    while True:
        request = asked(wanted, *failed)
        if isinstance(request, LookUp):
            break
        failed.append(request)
        sizes.append(covered(request, wanted))

    assert sizes[:2] == [64, 32]
    assert len(sizes) < 64


def test_calls_that_began_at_the_same_time_are_looked_up_alone_once_no_window_can_be_shorter() -> None:
    wanted, failed = calls(3, every=0.0), list[Request]()
    while len(failed) < 40 and not isinstance(request := asked(wanted, *failed), LookUp):
        failed.append(request)

    assert isinstance(request, LookUp)
    assert request.telephony_session_id in {one.telephony_session_id for one in wanted}


def test_what_fails_again_is_remembered_once_and_as_the_latest() -> None:
    lone, other = LookUp("s-0", NINE), LookUp("s-1", NINE)
    unanswered = without_answer(without_answer(without_answer((), lone), other), lone)

    assert [one.call for one in unanswered] == ["s-1", "s-0"]


def test_of_what_failed_that_comes_first_which_did_so_longest_ago() -> None:
    one, other = calls(1)[0], calls(1, name="other")[0]
    lone, another = LookUp("s-0", NINE), LookUp("other-0", NINE)

    assert [asked([one, other], *failed).telephony_session_id for failed in ((lone,), (lone, another))] == [  # type: ignore[union-attr]
        "other-0",
        "s-0",
    ]


def test_a_call_of_which_nothing_is_known_keeps_no_other_waiting_either() -> None:
    unknown = Wanted("s-unknown", datetime.fromtimestamp(NOW, UTC) - LONG_AGO)
    first = asked([unknown, *calls(2)])
    assert isinstance(first, LookUp)

    assert isinstance(asked([unknown, *calls(2)], first), Window)


def test_so_much_is_remembered_and_no_more() -> None:
    unanswered: tuple[Unanswered, ...] = ()
    for number in range(MOST + 5):
        unanswered = without_answer(unanswered, LookUp(f"s-{number}", NINE))

    assert [one.call for one in unanswered] == [f"s-{number}" for number in range(5, MOST + 5)]
