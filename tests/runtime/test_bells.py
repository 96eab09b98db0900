"""Bells: rung once for many, rung again when lost, and silent while somebody serves. On a real server."""

import math

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from runtime import bells, keys
from runtime.bells import JOBS, DueBells, Stage
from runtime.clocks import redis_time
from runtime.leases import lease

ACCOUNT = "acme"
TRACK, RESOLVE = Stage.TRACK, Stage.RESOLVE
LONG_AGO, FAR_AHEAD = 0.0, 4e9


def next_bell(redis: Redis, stage: Stage = TRACK) -> float | None:
    """Say when the clock rings next."""
    score = redis.zscore(keys.BELLS, bells.member(stage, ACCOUNT))
    return None if score is None else float(score)


def set_bell(redis: Redis, when: float, stage: Stage = TRACK) -> None:
    redis.zadd(keys.BELLS, {bells.member(stage, ACCOUNT): when})


def is_rung(redis: Redis, stage: Stage = TRACK) -> bool:
    return bool(redis.exists(keys.rung(ACCOUNT, stage)))


def lose(redis: Redis, stage: Stage = TRACK) -> None:
    """Lose the job on its way, and let the time pass in which it counts as rung."""
    redis.delete(bells.queue_key(stage), keys.rung(ACCOUNT, stage))
    set_bell(redis, LONG_AGO, stage)


def test_a_job_carries_the_name_of_its_account_and_nothing_else(redis: Redis) -> None:
    bells.ring(redis, TRACK, ACCOUNT)

    (job,) = Queue(bells.queue_name(TRACK), connection=redis, serializer=JSONSerializer).jobs
    assert (job.func_name, job.args, job.kwargs) == (JOBS[TRACK], [ACCOUNT], {})
    assert (job.result_ttl, job.retries_left) == (0, None)


def test_each_stage_has_a_queue_of_its_own(redis: Redis) -> None:
    bells.ring(redis, TRACK, ACCOUNT)

    assert [bells.waiting(redis, stage) for stage in Stage] == [1, *[0] * (len(Stage) - 1)]
    assert set(JOBS) == set(Stage)


def test_the_clock_rings_what_is_due_and_nothing_else(redis: Redis) -> None:
    set_bell(redis, LONG_AGO, TRACK)
    set_bell(redis, FAR_AHEAD, RESOLVE)

    assert DueBells(redis, {ACCOUNT}).ring() == 1
    assert (bells.waiting(redis, TRACK), bells.waiting(redis, RESOLVE)) == (1, 0)


def test_after_a_look_it_is_known_when_the_next_bell_is_due(redis: Redis) -> None:
    due = DueBells(redis, {ACCOUNT})
    due.ring()
    assert due.next_in == math.inf

    set_bell(redis, LONG_AGO, TRACK)
    set_bell(redis, redis_time(redis) + 5, RESOLVE)
    due.ring()
    assert due.next_in == pytest.approx(5, abs=0.5)


def test_a_bell_is_not_rung_twice_before_it_is_served(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)

    assert [DueBells(redis, {ACCOUNT}).ring() for _ in range(3)] == [1, 0, 0]
    set_bell(redis, LONG_AGO)
    assert DueBells(redis, {ACCOUNT}).ring() == 0
    assert bells.waiting(redis, TRACK) == 1


def test_the_clock_does_not_ring_what_is_being_served(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)
    with lease(redis, ACCOUNT, TRACK) as held:
        held.commit(bells.keep(TRACK, ACCOUNT, redis_time(redis)))
        set_bell(redis, LONG_AGO)

        assert DueBells(redis, {ACCOUNT}).ring() == 0


def test_a_runner_keeps_the_clock_away_a_while_longer_with_every_commit(redis: Redis) -> None:
    with lease(redis, ACCOUNT, TRACK) as held:
        held.commit(bells.keep(TRACK, ACCOUNT, 1000.0))

    assert next_bell(redis) == 1000.0 + bells.RUNG_SECONDS
    assert 0 < int(redis.pttl(keys.rung(ACCOUNT, TRACK))) <= bells.RUNG_SECONDS * 1000


def test_a_bell_that_was_claimed_counts_as_rung_for_seconds_and_not_for_ever(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)

    DueBells(redis, {ACCOUNT}).ring()

    assert 0 < int(redis.ttl(keys.rung(ACCOUNT, TRACK))) <= bells.RUNG_SECONDS


def test_where_nobody_takes_bells_up_no_more_are_rung_and_all_of_them_once_somebody_does(redis: Redis) -> None:
    queue = bells.queue_key(TRACK)
    redis.rpush(queue, *["a job"] * bells.MOST_QUEUED)
    set_bell(redis, 0)

    assert DueBells(redis, {ACCOUNT}).ring() == 0
    assert next_bell(redis) is not None  # the clock looks again, and whoever else might ring leaves it at that
    assert is_rung(redis)

    redis.ltrim(queue, 1, -1)
    redis.delete(keys.rung(ACCOUNT, TRACK))
    set_bell(redis, 0)
    assert DueBells(redis, {ACCOUNT}).ring() == 1


def test_a_full_queue_never_shortens_how_long_a_bell_counts_as_rung(redis: Redis) -> None:
    redis.rpush(bells.queue_key(TRACK), *["a job"] * bells.MOST_QUEUED)
    redis.set(keys.rung(ACCOUNT, TRACK), "1", ex=60)
    set_bell(redis, 0)

    DueBells(redis, {ACCOUNT}).ring()

    assert int(redis.ttl(keys.rung(ACCOUNT, TRACK))) > 50


def test_a_bell_that_was_lost_is_rung_again(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)
    DueBells(redis, {ACCOUNT}).ring()
    lose(redis)

    assert DueBells(redis, {ACCOUNT}).ring() == 1
    assert bells.waiting(redis, TRACK) == 1


def test_the_bell_of_a_runner_that_was_killed_is_due_once_its_time_is_over(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)

    DueBells(redis, {ACCOUNT}).ring()

    due = next_bell(redis)
    assert due is not None
    assert 0 < due - redis_time(redis) <= bells.RUNG_SECONDS


def test_a_bell_nobody_knows_is_dropped_and_holds_nobody_up(redis: Redis) -> None:
    redis.zadd(keys.BELLS, {"polish|acme": LONG_AGO, "no bell at all": LONG_AGO})
    set_bell(redis, LONG_AGO)

    assert DueBells(redis, {ACCOUNT}).ring() == 1
    assert redis.zcard(keys.BELLS) == 1


def test_the_bell_of_an_account_that_is_no_more_is_dropped_and_that_of_a_destination_is_not(redis: Redis) -> None:
    redis.zadd(keys.BELLS, {bells.member(stage, "gone"): LONG_AGO for stage in (TRACK, RESOLVE, Stage.DELIVER)})
    set_bell(redis, LONG_AGO)

    assert DueBells(redis, {ACCOUNT}).ring() == 2
    assert (bells.waiting(redis, TRACK), bells.waiting(redis, RESOLVE), bells.waiting(redis, Stage.DELIVER)) == (
        1,
        0,
        1,
    )
    assert redis.zcard(keys.BELLS) == 2


def test_many_bells_are_rung_a_few_at_a_time_and_none_is_left_out(redis: Redis) -> None:
    accounts = [f"a{number}" for number in range(25)]
    redis.zadd(keys.BELLS, {bells.member(TRACK, account): LONG_AGO for account in accounts})

    assert [DueBells(redis, accounts).ring(10) for _ in range(4)] == [10, 10, 5, 0]


def test_a_bell_is_only_ever_set_earlier_by_those_who_do_not_serve_it(redis: Redis) -> None:
    set_bell(redis, 2000.0)

    bells.ring_at(redis, TRACK, ACCOUNT, 3000.0)
    assert next_bell(redis) == 2000.0
    bells.ring_at(redis, TRACK, ACCOUNT, 1000.5)
    assert next_bell(redis) == 1000.5
    with lease(redis, ACCOUNT, RESOLVE) as held:
        held.commit([bells.due_at(TRACK, ACCOUNT, 500.25), bells.due_at(TRACK, ACCOUNT, 5000.0)])
    assert next_bell(redis) == 500.25


def test_a_shift_ends_with_the_bell_set_to_what_is_due_first(redis: Redis) -> None:
    redis.zadd(keys.due(ACCOUNT), {"s-2": 2000.0, "s-1": 1000.5})
    redis.set(keys.rung(ACCOUNT, RESOLVE), "1")

    assert bells.rest(redis, RESOLVE, ACCOUNT, due=keys.due(ACCOUNT))
    assert (next_bell(redis, RESOLVE), is_rung(redis, RESOLVE)) == (1000.5, False)


def test_a_shift_ends_with_the_bell_no_earlier_than_it_may_be_rung(redis: Redis) -> None:
    redis.zadd(keys.due(ACCOUNT), {"s-1": 1000.5})

    assert bells.rest(redis, RESOLVE, ACCOUNT, due=keys.due(ACCOUNT), not_before=1500.0)
    assert next_bell(redis, RESOLVE) == 1500.0


@pytest.mark.parametrize("due", [{"s-1": 3000.0}, {}], ids=["later", "nothing"])
def test_a_shift_ends_with_the_bell_no_later_than_it_must_be_rung(redis: Redis, due: dict[str, float]) -> None:
    set_bell(redis, LONG_AGO)
    if due:
        redis.zadd(keys.due(ACCOUNT), due)

    assert bells.rest(redis, TRACK, ACCOUNT, due=keys.due(ACCOUNT), at_latest=2000.0)
    assert next_bell(redis) == 2000.0


def test_a_shift_after_which_nothing_is_due_takes_the_bell_away(redis: Redis) -> None:
    set_bell(redis, LONG_AGO)

    assert bells.rest(redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), read_to=(keys.inbox(ACCOUNT), "0-0"))
    assert next_bell(redis) is None


def test_a_shift_does_not_end_while_the_inbox_has_news(redis: Redis) -> None:
    first = redis.xadd(keys.inbox(ACCOUNT), {"body": b"{}"})
    redis.set(keys.rung(ACCOUNT, TRACK), "1")
    set_bell(redis, 2000.0)

    assert not bells.rest(redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), read_to=(keys.inbox(ACCOUNT), "0-0"))
    assert (next_bell(redis), is_rung(redis)) == (2000.0, True)
    assert isinstance(first, bytes)
    assert bells.rest(redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), read_to=(keys.inbox(ACCOUNT), first.decode()))
    assert not is_rung(redis)


@pytest.mark.parametrize("stage", list(Stage))
def test_a_bell_says_its_stage_and_its_account_and_accounts_cannot_be_taken_for_stages(stage: Stage) -> None:
    assert bells.member(stage, "a-b.c_1").partition("|") == (stage.value, "|", "a-b.c_1")


def test_with_the_end_of_its_shift_a_runner_gives_its_lease_back(redis: Redis) -> None:
    with lease(redis, ACCOUNT, TRACK) as held:
        bells.rest(redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), held=held)

        with lease(redis, ACCOUNT, TRACK):
            pass


def test_it_gives_it_back_though_there_is_news(redis: Redis) -> None:
    redis.xadd(keys.inbox(ACCOUNT), {"body": "news"})
    with lease(redis, ACCOUNT, TRACK) as held:
        assert not bells.rest(
            redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), read_to=(keys.inbox(ACCOUNT), "0-0"), held=held
        )

        with lease(redis, ACCOUNT, TRACK):
            pass


def test_a_runner_that_was_overtaken_takes_nothing_from_the_other_as_it_ends_its_shift(redis: Redis) -> None:
    with lease(redis, ACCOUNT, TRACK) as stalled:
        redis.delete(keys.lease(ACCOUNT, TRACK))
        with lease(redis, ACCOUNT, TRACK) as other:
            other.commit(bells.keep(TRACK, ACCOUNT, 1000.0))

            assert bells.rest(redis, TRACK, ACCOUNT, due=keys.quiet(ACCOUNT), held=stalled)

            assert (next_bell(redis), is_rung(redis)) == (1000.0 + bells.RUNG_SECONDS, True)
            other.commit(())
