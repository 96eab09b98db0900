"""Two versions at once: what only the later one can read is left to it, and keeps nothing else from a destination."""

from typing import Any, cast

from runtime import keys
from runtime.clocks import redis_time
from runtime.deliveries import backlog, waiting
from telephony.words import Outcome
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import make_due
from tests.fakes.sender import delivered, refused
from tests.scripts.publishing import outcome_of, publish
from workers.delivering.deliverer import UNREAD_SECONDS

OURS, THEIRS = f'"{Outcome.ANSWERED}"'.encode(), b'"beamed"'


def put_in(stage: Stage, word: bytes, *, for_: bytes) -> str:
    """Have another word stand in the only entry of the log; give its place, which stays."""
    ((place, fields),) = cast("list[Any]", stage.redis.xrange(keys.OUTCOMES))
    stage.redis.delete(keys.OUTCOMES)
    stage.redis.xadd(keys.OUTCOMES, fields | {b"event": fields[b"event"].replace(for_, word)}, id=place)
    return cast("bytes", place).decode()


def test_an_event_that_only_a_later_version_can_read_is_left_to_it_and_keeps_no_other_waiting(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    place = put_in(stage, THEIRS, for_=OURS)
    stage.run(destination)
    left_until = stage.redis.zscore(keys.asked(destination.id), place)
    assert left_until is not None
    assert UNREAD_SECONDS - 60 < left_until - redis_time(stage.redis) <= UNREAD_SECONDS
    stage.redis.zadd(keys.asked(destination.id), {place: 1})
    stage.run(destination)
    left_again = stage.redis.zscore(keys.asked(destination.id), place)
    assert left_again is not None
    assert left_again >= left_until

    put_in(stage, OURS, for_=THEIRS)  # the later version comes by
    publish(stage.redis, outcome_of("s-2"))
    stage.redis.zadd(keys.asked(destination.id), {place: 1})
    stage.run(destination)

    assert sorted(stage.sender.ids()) == ["s-1/1", "s-2/1"]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_a_later_version_has_queued_waits_for_it_where_only_that_can_shape_it(stage: Stage) -> None:
    destination = stage.add(fields=("outcome",))
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)
    put_in(stage, THEIRS, for_=OURS)
    make_due(stage, destination)
    publish(stage.redis, outcome_of("s-2"))
    stage.sender.answer = lambda _: delivered()

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-2/1"]
    (left,) = waiting.everything(stage.redis, destination.id)["s-1"]
    assert UNREAD_SECONDS - 60 < left.due - redis_time(stage.redis) <= UNREAD_SECONDS


def test_what_a_later_version_has_queued_is_sent_as_it_is_where_nobody_need_shape_it(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)
    put_in(stage, THEIRS, for_=OURS)
    make_due(stage, destination)
    stage.sender.answer = lambda _: delivered()

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]
    assert THEIRS in stage.sender.sent[1].body
