"""Events that are on their way when something happens: none is lost or sent twice for it, and none comes too early."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, cast

import msgspec
import pytest

from runtime import bells, keys, prometheus
from runtime.bells import Stage as Bell
from runtime.clocks import redis_time
from runtime.deliveries import attempts, backlog, destinations, redrive, waiting
from runtime.deliveries.attempts import Blame
from runtime.deliveries.redrive import Redrive
from runtime.deliveries.waiting import REPLACED_AFTER
from runtime.leases import Lease, lease
from telephony.destinations import Changes, Destination, DestinationState
from telephony.records import PhoneParty
from tests.builders.events import an_answered_record
from tests.builders.notifications import CALLERS_NUMBER
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import make_due, revised
from tests.fakes.sender import Sent, delivered, refused
from tests.outputs import entries
from tests.scripts.publishing import outcome_of, publish
from workers import dependencies
from workers.delivering import charge, deliverer, delivery_view
from workers.delivering.charge import Health
from workers.delivering.deliverer import Deliverer, Tally
from workers.delivering.flights import MOST
from workers.destinations.breaker import FIRST_PAUSE, LEAST_ATTEMPTS, Breaker
from workers.destinations.verdicts import Answer


class Threads(Executor):
    """Threads that begin to send, and have the answer, when a test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, send: Callable[..., Any], /, *words: Any, **_: Any) -> Future[Any]:
        """Take a job, and leave it."""
        future: Future[Any] = Future()
        self.jobs.append((future, lambda: send(*words)))
        return future

    def send(self, most: int = MOST) -> None:
        """Send what was not taken back meanwhile, and have the answers there."""
        jobs, self.jobs = self.jobs[:most], self.jobs[most:]
        for future, send in jobs:
            if future.set_running_or_notify_cancel():
                future.set_result(send())


class Runner(Deliverer):
    """A runner whose threads are the test's."""

    def __init__(self, destination: Destination, held: Any, threads: Threads) -> None:
        super().__init__(destination.id, held, dependencies.current(), threads)
        self.threads = threads


@pytest.fixture
def destination(stage: Stage) -> Destination:
    return stage.add()


@pytest.fixture
def runner(stage: Stage, destination: Destination, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """Run a shift of the destination that never waits for an answer."""
    monkeypatch.setattr(deliverer, "GATHER_SECONDS", 0)
    with lease(stage.redis, destination.id, Bell.DELIVER) as held:
        yield Runner(destination, held, Threads())


def fail_so_often_that_it_would_be_replaced(stage: Stage, destination: Destination, runner: Runner) -> None:
    """Try what waits, which is refused, until a later revision may take its place."""
    for _ in range(REPLACED_AFTER):
        runner.step()
        runner.threads.send()
        runner.step()
        make_due(stage, destination)


def test_who_leaves_counts_what_was_answered_and_has_the_rest_gone_on_with_at_once(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    runner.step()
    runner.threads.send(1)

    runner.leave()

    assert set(waiting.everything(stage.redis, destination.id)) == {"s-2"}
    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")] == ["delivered"]
    assert bell(stage, destination) <= redis_time(stage.redis)
    assert not stage.redis.exists(keys.rung(destination.id, Bell.DELIVER))


def test_who_is_at_it_is_rung_for_only_when_it_should_be_over(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"))

    runner.step()

    rung_for = bells.rung_seconds(Bell.DELIVER)
    assert bell(stage, destination) == pytest.approx(redis_time(stage.redis) + rung_for, abs=rung_for / 2)
    assert stage.redis.exists(keys.rung(destination.id, Bell.DELIVER))


def test_what_a_destination_answers_after_it_was_paused_counts(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"))
    runner.step()
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    runner.threads.jobs[0][0].set_running_or_notify_cancel()
    runner.threads.jobs[0][0].set_result(delivered())

    assert runner.step().shut

    assert waiting.everything(stage.redis, destination.id) == {}


def test_what_the_old_address_answers_after_the_change_is_not_charged_to_the_new_one(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"))
    runner.step()
    runner.threads.jobs[0][0].set_running_or_notify_cancel()
    destinations.update(stage.redis, destination.id, Changes(url="https://crm.example/new"))
    runner.threads.jobs[0][0].set_result(refused())

    runner.step()

    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")] == ["temporary"]
    assert charge.health(stage.redis, destination.id).failing_since is None


def test_no_answer_counts_of_a_destination_that_was_removed(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"))
    runner.step()
    destinations.delete(stage.redis, destination.id)
    runner.threads.jobs[0][0].set_running_or_notify_cancel()
    runner.threads.jobs[0][0].set_result(delivered())

    assert runner.step().shut

    assert attempts.of_call(stage.redis, "default", "s-1") == ()


def test_never_are_more_on_their_way_than_so_many_be_they_new_or_tried_again(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(MOST)))
    stage.sender.answer = lambda _: refused()
    runner.step()
    runner.threads.send(LEAST_ATTEMPTS - 1)
    runner.step()
    make_due(stage, destination)
    publish(stage.redis, *(outcome_of(f"s-new-{number}") for number in range(MOST)))

    for _ in range(3):
        runner.step()

    assert len(runner.threads.jobs) == MOST


def test_what_is_due_is_sent_beside_however_many_that_take_their_time(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, *(outcome_of(f"s-{99 - number}") for number in range(MOST)))  # the first is the last by name
    stage.sender.answer = lambda _: refused()
    runner.step()
    runner.threads.send(1)
    runner.step()
    assert len(runner.threads.jobs) == MOST - 1

    make_due(stage, destination)
    runner.step()

    assert len(runner.threads.jobs) == MOST


def test_what_somebody_asked_for_is_sent_as_much_at_a_time_as_what_is_new(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(5)))
    runner.step()
    runner.threads.send()
    runner.step()

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True, per_second=1000), dry_run=False)
    stage.redis.zadd(keys.asked(destination.id), dict.fromkeys(asked(stage, destination), 0.0))
    runner.step()

    assert len(runner.threads.jobs) == 5


def test_where_so_much_waits_nothing_new_is_taken_up(
    stage: Stage, destination: Destination, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    runner.step()
    publish(stage.redis, outcome_of("s-3"))

    runner.step()

    assert len(runner.threads.jobs) == 2
    assert backlog.status(stage.redis, destination.id).unread == 1


@pytest.mark.parametrize("bells_of_others", [0, 1])
def test_a_runner_tells_whether_bells_of_others_wait(stage: Stage, runner: Runner, bells_of_others: int) -> None:
    for _ in range(bells_of_others):
        stage.redis.rpush(bells.queue_key(Bell.DELIVER), "bell")

    assert runner.step().others_wait is bool(bells_of_others)


def test_an_event_that_is_on_its_way_is_told_before_a_later_one_however_often_it_has_failed(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    fail_so_often_that_it_would_be_replaced(stage, destination, runner)
    stage.sender.answer = lambda _: delivered()
    runner.step()
    publish(stage.redis, revised("s-1", 2))
    runner.step()

    for _ in range(3):
        runner.threads.send()
        runner.step()

    assert stage.sender.ids()[-2:] == ["s-1/1", "s-1/2"]
    assert waiting.everything(stage.redis, destination.id) == {}


def test_what_is_on_its_way_is_not_given_up_however_much_waits(
    stage: Stage, destination: Destination, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    stage.sender.answer = lambda _: refused()
    fail_so_often_that_it_would_be_replaced(stage, destination, runner)
    runner.step()
    stage.sender.answer = lambda _: delivered()
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 1)
    runner.step()

    runner.threads.send()
    runner.step()

    assert not list(attempts.dead_letters(stage.redis, destination.id))
    assert not waiting.everything(stage.redis, destination.id)


def test_what_was_refused_while_a_later_one_came_yields_to_it_and_that_is_noted(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2))
    stage.sender.answer = lambda _: refused()
    fail_so_often_that_it_would_be_replaced(stage, destination, runner)

    verdicts = [(one.event_id, one.verdict) for one in attempts.of_call(stage.redis, "default", "s-1")]
    assert verdicts == [("s-1/1", "temporary")] * REPLACED_AFTER + [("s-1/1", "replaced")]
    assert [one.revision for one in waiting.everything(stage.redis, destination.id)["s-1"]] == [2]


def test_a_destination_that_refuses_everything_is_left_alone_and_what_waits_for_a_thread_is_taken_back(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(2 * LEAST_ATTEMPTS)))
    stage.sender.answer = lambda _: refused()
    runner.step()
    runner.threads.send(LEAST_ATTEMPTS)

    assert runner.step().shut

    runner.threads.send()
    assert len(stage.sender.sent) == LEAST_ATTEMPTS
    assert len(waiting.everything(stage.redis, destination.id)) == 2 * LEAST_ATTEMPTS
    redrive.send_test(stage.redis, destination.id)
    another = Runner(destination, runner._lease, Threads())
    assert another.step() == Tally(busy=False, shut=True, others_wait=False)
    assert another.threads.jobs == []


def test_what_the_log_has_lost_while_it_waited_is_a_dead_letter_and_the_next_of_its_call_is_sent(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2))
    stage.sender.answer = lambda _: refused()
    runner.step()
    runner.threads.send()
    runner.step()
    stage.sender.answer = lambda _: delivered()
    stage.redis.xdel(keys.OUTCOMES, waiting.everything(stage.redis, destination.id)["s-1"][0].place)
    make_due(stage, destination)

    for _ in range(2):
        runner.step()
        runner.threads.send()
    runner.step()

    assert stage.sender.ids() == ["s-1/1", "s-1/2"]
    letters = attempts.dead_letters(stage.redis, destination.id)
    assert [(one.event_id, one.because) for one in letters] == [("s-1/1", "retention")]


def test_what_a_runner_did_not_send_because_it_stood_still_is_noted_and_charged_to_nobody(
    stage: Stage, destination: Destination, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(stage.redis, outcome_of("s-1"))
    runner.step()
    with monkeypatch.context() as stood_still:
        stood_still.setattr(Lease, "may_be_over", property(lambda _: True))
        runner.threads.send()
    runner.step()

    assert stage.sender.sent == []
    assert failure(stage, destination) == ("overtaken", Blame.OURS, 0)


def test_a_sender_that_breaks_is_noted_and_charged_to_nobody(
    stage: Stage, destination: Destination, runner: Runner
) -> None:
    def breaks(_: Sent) -> Answer:
        raise KeyError

    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = breaks
    runner.step()
    runner.threads.send()
    runner.step()

    assert failure(stage, destination) == ("KeyError", Blame.OURS, 0)


@pytest.mark.parametrize(
    "breaker", [Breaker(), Breaker(opens_until=0.0, pause=FIRST_PAUSE)], ids=["well", "tried again"]
)
def test_an_answer_that_takes_its_time_is_waited_for(
    stage: Stage, destination: Destination, breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(Health(breaker)))
    monkeypatch.setattr(deliverer, "GATHER_SECONDS", 0.01)
    stage.sender.seconds = 0.05
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]
    assert waiting.everything(stage.redis, destination.id) == {}


def test_a_test_that_fails_is_not_charged_to_a_destination(stage: Stage, destination: Destination) -> None:
    stage.sender.answer = lambda _: refused()
    for number in range(LEAST_ATTEMPTS):
        stage.redis.zadd(keys.asked(destination.id), {f"trial/{number + 1}-0": 0})

    stage.run(destination)

    assert len(stage.sender.sent) == LEAST_ATTEMPTS
    assert charge.health(stage.redis, destination.id).failing_since is None


@pytest.mark.parametrize("shape", [{"mask": True}, {"fields": ("outcome",)}], ids=["mask", "fields"])
def test_who_shall_not_see_numbers_is_sent_none(stage: Stage, shape: dict[str, Any]) -> None:
    destination = stage.add(**shape)
    theirs = an_answered_record(from_=PhoneParty(phone_number=CALLERS_NUMBER))
    publish(stage.redis, outcome_of("s-1", theirs))
    assert CALLERS_NUMBER.encode() in entries(stage.redis, keys.OUTCOMES)[0][1][b"event"]

    stage.run(destination)

    (sent,) = stage.sender.sent
    assert CALLERS_NUMBER.encode() not in sent.body
    assert msgspec.json.decode(sent.body)["data"]["outcome"] == "answered"


def test_what_is_unread_does_not_count_what_was_taken_up_before(stage: Stage, destination: Destination) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    stage.run(destination)

    publish(stage.redis, outcome_of("s-new"), outcome_of("s-newer"))

    assert backlog.status(stage.redis, destination.id).unread == 2


def test_a_new_destination_has_nothing_to_read_of_what_was_published_before_it_was_added(stage: Stage) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    added = stage.add()
    publish(stage.redis, outcome_of("s-new"))

    assert backlog.status(stage.redis, added.id).unread == 1


def test_what_is_there_is_unread_though_nobody_knows_any_more_how_many_there_were(
    stage: Stage, destination: Destination
) -> None:
    stage.redis.hset(keys.delivery_cursor(destination.id), "taken", 9)  # as where the log was lost, and begins anew
    publish(stage.redis, outcome_of("s-1"))

    assert backlog.status(stage.redis, destination.id).unread == 1


def test_what_became_of_attempts_is_counted_and_how_late_the_events_were(
    stage: Stage, destination: Destination
) -> None:
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2))
    stage.sender.answer = lambda sent: refused() if sent.event_id == "s-1/1" else delivered()
    for _ in range(REPLACED_AFTER):
        stage.run(destination)
        make_due(stage, destination)
    redrive.send_test(stage.redis, destination.id)
    stage.run(destination)

    stage.recorder.flush()
    lines = prometheus.render(stage.redis).decode().splitlines()
    counted = {"temporary": REPLACED_AFTER, "replaced": 1, "delivered": 2}
    for verdict, count in counted.items():
        assert f'legwork_deliveries_total{{destination="{destination.id}",verdict="{verdict}"}} {count}.0' in lines
    late = f'legwork_delivery_lag_seconds_count{{destination="{destination.id}"}} 1.0'  # the test was of no call
    assert late in lines


def failure(stage: Stage, destination: Destination) -> tuple[str | None, str | None, int]:
    """Give what the only attempt tells of its failure, and how many attempts its event is charged with."""
    (attempt,) = attempts.of_call(stage.redis, "default", "s-1")
    (item,) = waiting.everything(stage.redis, destination.id)["s-1"]
    return attempt.error, attempt.blame, item.attempts


def asked(stage: Stage, destination: Destination) -> list[bytes]:
    """Give the places somebody asked for."""
    return cast("list[bytes]", stage.redis.zrange(keys.asked(destination.id), 0, -1))


def bell(stage: Stage, destination: Destination) -> float:
    """Say when the clock rings the destination next."""
    score: Any = stage.redis.zscore(keys.BELLS, bells.member(Bell.DELIVER, destination.id))
    return float(score)
