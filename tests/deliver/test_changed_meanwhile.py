"""A destination that is paused, removed or given another address while events are on their way to it."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import msgspec
import pytest

from runtime import bells, keys, operator_log
from runtime.bells import Stage as Bell
from runtime.clocks import redis_time
from runtime.deliveries import attempts, destinations, redrive, waiting
from runtime.deliveries.redrive import Redrive
from runtime.leases import lease
from telephony.destinations import Changes, Destination, DestinationState, Include
from telephony.operator_events import What
from telephony.words import Outcome
from tests.builders.attempts import a_dead_letter, bury
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import A_MISSED_CALL, make_due, revised
from tests.fakes.sender import Sent, delivered, forbidden, gone, refused
from tests.scripts.publishing import outcome_of, publish
from workers import dependencies
from workers.delivering import charge
from workers.delivering.charge import DISABLED_AFTER_SECONDS, Health
from workers.delivering.deliverer import Deliverer
from workers.destinations.breaker import Breaker
from workers.destinations.verdicts import Answer

NEW_URL = "https://crm.example/new"


class Busy(Executor):
    """Threads that all have something else to do."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        return Future()


def test_what_only_waits_for_a_thread_is_not_sent_to_a_paused_destination(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    with lease(stage.redis, destination.id, Bell.DELIVER) as held:
        runner = Deliverer(destination.id, held, dependencies.current(), Busy())
        runner.step()
        destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))

        assert runner.step().shut  # which waits for all that is on its way
        assert runner.rest()

    assert set(waiting.everything(stage.redis, destination.id)) == {"s-1", "s-2"}


def test_what_only_waits_for_a_thread_is_sent_to_the_new_address(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    with lease(stage.redis, destination.id, Bell.DELIVER) as held:
        runner = Deliverer(destination.id, held, dependencies.current(), Busy())
        runner.step()
        destinations.update(stage.redis, destination.id, Changes(url=NEW_URL))
        runner.step()
        runner.leave()
    stage.run(destination)

    assert {one.url for one in stage.sender.sent} == {NEW_URL}
    assert sorted(stage.sender.ids()) == ["s-1/1", "s-2/1"]


def test_a_destination_paused_while_it_answers_has_taken_the_event_and_is_left_in_peace(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = answering(delivered(), lambda: change(stage, destination, state=DestinationState.PAUSED))
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert not waiting.everything(stage.redis, destination.id)
    assert not stage.redis.sismember(keys.LISTENING, destination.id)
    assert stage.redis.zscore(keys.BELLS, bells.member(Bell.DELIVER, destination.id)) is None


def test_a_destination_removed_while_it_answers_leaves_nothing_behind(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = answering(delivered(), lambda: destinations.delete(stage.redis, destination.id))
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert not stage.redis.sismember(keys.LISTENING, destination.id)
    assert stage.redis.zscore(keys.BELLS, bells.member(Bell.DELIVER, destination.id)) is None
    assert not list(stage.redis.scan_iter(f"*{destination.id}*"))


def test_a_new_address_is_not_charged_with_what_the_old_one_answers(stage: Stage) -> None:
    destination = stage.add()
    now = redis_time(stage.redis)
    ill = Health(Breaker(opens_until=now - 1, pause=600), failing_since=now - DISABLED_AFTER_SECONDS + 60, told=90)
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(ill))
    stage.sender.answer = answering(refused(), lambda: change(stage, destination, url=NEW_URL))
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    stage.run(destination)

    assert charge.health(stage.redis, destination.id).failing_since is None
    assert [(one.event_id, one.url) for one in stage.sender.sent] == [
        ("s-1/1", destination.url),
        ("s-2/1", NEW_URL),
    ]


def test_a_new_address_is_not_disabled_because_the_old_one_is_gone(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = answering(gone(), lambda: change(stage, destination, url=NEW_URL))
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    after = destinations.get(stage.redis, destination.id)
    assert after is not None
    assert after.state is DestinationState.ACTIVE
    assert [one.url for one in stage.sender.sent] == [destination.url, NEW_URL]
    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")] == ["gone", "delivered"]


@pytest.mark.parametrize(
    "narrower", [{"accounts": ("another",)}, {"outcomes": (Outcome.MISSED,)}, {"include": "ended"}]
)
def test_what_waits_is_not_sent_any_more_once_a_filter_leaves_it_out(stage: Stage, narrower: dict[str, Any]) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()
    change(stage, destination, **msgspec.to_builtins(narrower))
    make_due(stage, destination)

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]
    assert not waiting.everything(stage.redis, destination.id)
    assert not list(attempts.dead_letters(stage.redis, destination.id))


def test_so_it_is_of_alerts_once_it_is_not_told_of_any(stage: Stage) -> None:
    destination = stage.add(operator=True)
    stage.sender.answer = lambda _: refused()
    operator_log.raise_alert(stage.redis, What.NOTIFICATIONS_MISSING, "default", "It is quiet.", account="default")
    stage.run(destination)
    change(stage, destination, operator=False)
    make_due(stage, destination)

    stage.run(destination)

    assert len(stage.sender.sent) == 1
    assert not waiting.everything(stage.redis, destination.id)


def test_what_a_filter_leaves_out_by_now_is_not_sent_again_by_a_redrive(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-given-up"), outcome_of("s-waits"), outcome_of("s-missed", A_MISSED_CALL))
    stage.sender.answer = lambda sent: forbidden() if sent.event_id == "s-given-up/1" else refused()
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()
    change(stage, destination, outcomes=(Outcome.MISSED,))

    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids()[3:] == ["s-missed/1"]


@pytest.mark.parametrize(
    ("taken", "tried", "sent"),
    [([], True, ["s-1/1", "s-1/1"]), (["s-1/1"], True, ["s-1/1", "s-1/2"]), ([], False, ["s-1/2"])],
    ids=["one was tried", "one was taken", "none was sent"],
)
def test_of_what_waits_when_each_call_is_to_be_told_of_once_one_event_is_sent(
    stage: Stage, taken: list[str], sent: list[str], *, tried: bool
) -> None:
    destination = stage.add()
    stage.sender.answer = lambda sent: delivered() if sent.event_id in taken else refused()
    publish(stage.redis, outcome_of("s-1"))
    if tried:
        stage.run(destination)
    publish(stage.redis, revised("s-1", 2))
    if tried:
        stage.run(destination)
    else:
        wait_for_room(stage, destination)
    change(stage, destination, create_only=True)
    stage.sender.answer = lambda _: delivered()

    for _ in range(3):
        make_due(stage, destination)
        stage.run(destination)

    assert stage.sender.ids() == sent
    assert not waiting.everything(stage.redis, destination.id)


def test_a_correction_that_was_to_be_sent_is_not_once_each_call_is_to_be_told_of_once(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2), outcome_of("s-2"))
    wait_for_room(stage, destination)
    change(stage, destination, create_only=True)

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-2/1"]
    assert not waiting.everything(stage.redis, destination.id)


def test_nor_is_one_of_what_was_sent_in_vain_to_the_end_and_may_have_arrived(stage: Stage) -> None:
    destination = stage.add()
    bury(stage.redis, destination.id, a_dead_letter("s-1/1", "1-0", attempts=2))
    publish(stage.redis, revised("s-1", 2))
    wait_for_room(stage, destination)
    change(stage, destination, create_only=True)

    stage.run(destination)

    assert stage.sender.ids() == []


def test_an_end_that_was_sent_in_vain_gives_way_to_the_outcome_once_that_alone_is_wanted(stage: Stage) -> None:
    destination = stage.add(include=Include.BOTH)
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, revised("s-1", 0))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 1))
    stage.run(destination)
    change(stage, destination, create_only=True)
    stage.sender.answer = lambda _: delivered()

    for _ in range(2):
        make_due(stage, destination)
        stage.run(destination)

    assert stage.sender.ids() == ["s-1/0", "s-1/1"]
    assert not waiting.everything(stage.redis, destination.id)


def wait_for_room(stage: Stage, destination: Destination) -> None:
    """Have what was published wait, taken up by a runner that has no room to send it."""
    with lease(stage.redis, destination.id, Bell.DELIVER) as held:
        runner = Deliverer(destination.id, held, dependencies.current(), Busy())
        runner.step()
        runner.leave()


def answering(first: Answer, meanwhile: Callable[[], object]) -> Callable[[Sent], Answer]:
    """Answer the first event after something has happened meanwhile; take all others."""
    answers = iter([first])

    def answer(_: Sent) -> Answer:
        for one in answers:
            meanwhile()
            return one
        return delivered()

    return answer


def change(stage: Stage, destination: Destination, **changes: Any) -> None:
    destinations.update(stage.redis, destination.id, Changes(**changes))
