"""What follows from a run: rates, delays and requests, told in simulated time."""

from datetime import UTC, datetime
from typing import Any

from scripts.benchmarks.box_client import Conversation, SeenRequest, Truth
from scripts.benchmarks.observation import Observation, Wait, quantile, unseen
from scripts.benchmarks.published import Published

BEGIN, END, UNTIL = 1000.0, 1060.0, 1080.0


def a_call(
    name: str, *, ended: float, visible: float | None, outcome: str = "answered", conversation: str | None = None
) -> Truth:
    return Truth(
        name,
        outcome,
        Conversation(conversation or name),
        ended_at=moment(ended),
        record_visible_at=None if visible is None else moment(visible),
    )


def a_request(at: float, query: str = "", *, group: str = "heavy") -> SeenRequest:
    return SeenRequest(at, group, f"/restapi/v1.0/account/~/call-log?{query}", 200, during_penalty=False)


def an_observation(*truths: Truth, published: dict[str, float] | None = None, **more: Any) -> Observation:
    told = {name: Published(at, "answered") for name, at in (published or {}).items()}
    made: dict[str, Any] = {"speed": 1.0, "begin": BEGIN, "end": END, "until": UNTIL, "requests": ()}
    return Observation(**made | {"truths": truths, "published": told} | more)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_only_outcomes_of_the_measured_time_are_counted() -> None:
    calls = [a_call(name, ended=990, visible=999) for name in ("before", "within", "after")]

    seen = an_observation(*calls, published={"before": 999, "within": 1001, "after": 1061})

    assert seen.outcomes() == 1
    assert seen.outcomes_a_minute() == 1


def test_times_are_told_in_simulated_seconds() -> None:
    seen = an_observation(a_call("one", ended=1000, visible=1010), published={"one": 1012}, speed=4.0)

    assert seen.waits() == [Wait(8, seen=True)]
    assert seen.outcomes_a_minute() == 0.25


def test_a_call_still_waiting_has_waited_at_least_until_the_last_look() -> None:
    seen = an_observation(a_call("one", ended=1000, visible=1010))

    assert seen.waits() == [Wait(70, seen=False)]
    assert unseen(seen.waits()) == 1


def test_a_call_that_went_on_in_another_session_waits_for_the_last_record() -> None:
    parked = a_call("parked", ended=1000, visible=1010, conversation="parked")
    picked_up = a_call("picked up", ended=1030, visible=1040, conversation="parked")

    seen = an_observation(parked, picked_up, published={"parked": 1043, "picked up": 1042})

    assert seen.waits() == [Wait(3, seen=True), Wait(2, seen=True)]
    assert (seen.backlog(1041), seen.backlog(1039)) == (2, 0)


def test_a_call_of_a_conversation_that_is_told_before_its_last_record_did_not_wait() -> None:
    consultation = a_call("consultation", ended=1000, visible=1010, conversation="first")
    first = a_call("first", ended=1030, visible=1040, conversation="first")

    seen = an_observation(consultation, first, published={"consultation": 1012, "first": 1044})

    assert seen.waits() == [Wait(4, seen=True)]


def test_the_backlog_is_what_could_have_been_published_and_was_not() -> None:
    calls = (
        a_call("published", ended=1000, visible=1010),
        a_call("late", ended=1000, visible=1010),
        a_call("not visible yet", ended=1050, visible=1062),
        a_call("never visible", ended=1050, visible=None),
    )

    seen = an_observation(*calls, published={"published": 1012, "late": 1070})

    assert seen.backlog(seen.end) == 1


def test_a_look_up_of_a_call_whose_outcome_is_out_is_a_second_look() -> None:
    calls = (a_call("s-1", ended=1000, visible=1008), a_call("s-2", ended=1030, visible=1038))
    requests = (
        a_request(1009, "telephonySessionId=s-1&view=Detailed"),
        a_request(1035, "telephonySessionId=s-1&view=Detailed"),
        a_request(1039, "dateFrom=2026-01-01"),
        a_request(1050, "dateFrom=2026-01-01"),
        a_request(1009, group="light"),
    )

    seen = an_observation(*calls, published={"s-1": 1009.5, "s-2": 1039.5}, requests=requests)

    assert seen.heavy_requests() == 4
    assert seen.requests_until_outcome() == 2


def test_requests_and_cpu_are_shared_by_the_outcomes_of_the_time() -> None:
    calls = [a_call(f"s-{number}", ended=1000, visible=1008) for number in range(4)]
    published = {f"s-{number}": 1010.0 for number in range(4)}
    cpu = {"track": 0.006, "resolve": 0.002, "web": 1.0}

    seen = an_observation(*calls, published=published, requests=(a_request(1009),), cpu=cpu)

    assert seen.requests_an_outcome() == 0.25
    assert seen.cpu_ms("track", "resolve") == 2.0


def test_nothing_follows_from_nothing() -> None:
    seen = an_observation()

    assert seen.requests_an_outcome() is None
    assert seen.cpu_ms() is None
    assert quantile(0.5, seen.waits()) is None


def test_an_outcome_that_is_not_true_is_counted() -> None:
    calls = (a_call("right", ended=1000, visible=1008), a_call("wrong", ended=1000, visible=1008, outcome="missed"))

    seen = an_observation(*calls, published={"right": 1010, "wrong": 1010})

    assert seen.wrong() == 1


def test_a_quantile_is_the_wait_that_so_many_did_not_exceed() -> None:
    waits = [Wait(float(seconds), seen=True) for seconds in range(1, 101)]

    assert quantile(0.5, waits) == 50
    assert quantile(0.95, waits) == 95
    assert quantile(1.0, waits) == 100
