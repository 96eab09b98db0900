"""The clock: winds itself up, rings what is due, and waits out a Redis that does not answer."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.metrics import Recorder
from telephony.destinations import Draft
from tests.workers.office import ACCOUNT, Office
from workers import clock
from workers.destinations.breaker import LONGEST_PAUSE
from workers.stopping import Stopping

FAR_AHEAD = 4e9
DAY = 86400.0
TICKS_BETWEEN_WINDINGS = round(60 / clock.LONGEST_TICK)


class Ticks(Stopping):
    """Stops the clock after some ticks, and does something before each; nothing ever waits."""

    def __init__(self, *before: Callable[[], object]) -> None:
        super().__init__()
        self._before = list(before)
        self.ticks: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.ticks.append(seconds)
        if not self._before:
            return True
        self._before.pop(0)()
        return False


def nothing() -> None:
    """Let a tick pass as it is."""


def run(office: Office, *before: Callable[[], object]) -> None:
    clock.run(office.settings, office.redis, Recorder(), Ticks(*before))


def rung(office: Office) -> list[int]:
    return [bells.waiting(office.redis, stage) for stage in bells.OF_ACCOUNTS]


def rung_stages(office: Office) -> tuple[Stage, ...]:
    return tuple(stage for stage in bells.OF_ACCOUNTS if bells.waiting(office.redis, stage))


def test_a_clock_that_is_wound_rings_every_stage_of_every_account_once(office: Office) -> None:
    run(office, nothing, nothing, nothing)

    assert rung(office) == [1] * len(bells.OF_ACCOUNTS)


def test_a_clock_that_is_wound_rings_the_bell_of_each_destination_though_none_is_set(office: Office) -> None:
    added, _ = destinations.create(office.redis, Draft(url="https://crm.example/hook"), keys=())
    office.redis.delete(keys.BELLS)  # as a Redis may that was restored

    clock.wind(office.settings, office.redis)

    bell = office.redis.zscore(keys.BELLS, bells.member(Stage.DELIVER, added.id))
    assert bell == pytest.approx(office.now, abs=5)


def test_winding_never_puts_a_bell_off(office: Office) -> None:
    member = bells.member(Stage.TRACK, ACCOUNT)
    office.redis.zadd(keys.BELLS, {member: 1000.0})

    clock.wind(office.settings, office.redis)
    clock.wind(office.settings, office.redis)

    assert office.redis.zscore(keys.BELLS, member) == 1000.0


def test_a_clock_wound_up_after_a_loss_of_everything_rings_again(office: Office) -> None:
    run(office, nothing)
    office.redis.flushall()

    run(office, nothing)

    assert rung(office) == [1] * len(bells.OF_ACCOUNTS)


def test_two_clocks_ring_no_more_than_one(office: Office) -> None:
    run(office, nothing, nothing)
    run(office, nothing, nothing)

    assert rung(office) == [1] * len(bells.OF_ACCOUNTS)


def test_what_becomes_due_is_rung_and_what_is_not_is_left(office: Office) -> None:
    def wait_for_the_resolver_only() -> None:
        office.redis.flushall()
        office.redis.zadd(keys.BELLS, {bells.member(stage, ACCOUNT): FAR_AHEAD for stage in Stage})
        office.redis.zadd(keys.BELLS, {bells.member(Stage.RESOLVE, ACCOUNT): 0})

    run(office, nothing, wait_for_the_resolver_only, nothing)

    assert rung_stages(office) == (Stage.RESOLVE,)


def test_the_clock_is_there_when_the_next_bell_is_due(office: Office) -> None:
    def due_in(seconds: float) -> Callable[[], object]:
        def set_bells() -> None:
            office.redis.flushall()
            office.redis.zadd(keys.BELLS, {bells.member(Stage.TRACK, ACCOUNT): redis_time(office.redis) + seconds})

        return set_bells

    ticks = Ticks(nothing, due_in(0.24), due_in(0.04), due_in(30))
    clock.run(office.settings, office.redis, Recorder(), ticks)

    _, _, fitting, shortest, longest = ticks.ticks
    assert clock.SHORTEST_TICK < fitting <= 0.24
    assert (shortest, longest) == (clock.SHORTEST_TICK, clock.LONGEST_TICK)


@pytest.fixture
def refuse(office: Office) -> Callable[[], object]:
    """Have Redis lose nearly everything, and take nothing any more."""

    def lose_and_refuse() -> None:
        office.redis.flushall()
        office.redis.zadd(keys.BELLS, {bells.member(Stage.TRACK, ACCOUNT): 0})
        office.redis.config_set("maxmemory", 1)

    return lose_and_refuse


@pytest.fixture
def recover(office: Office) -> Callable[[], object]:
    """Have it take everything again."""
    return partial(office.redis.config_set, "maxmemory", office.redis.config_get("maxmemory")["maxmemory"] or 0)


def test_a_redis_that_refuses_is_waited_out_and_the_clock_wound_up_anew(
    office: Office, refuse: Callable[[], object], recover: Callable[[], object]
) -> None:
    run(office, nothing, refuse, nothing, recover)

    assert rung(office) == [1] * len(bells.OF_ACCOUNTS)


def test_each_time_it_refuses_is_one_line(
    office: Office, refuse: Callable[[], object], recover: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(clock, "log", SimpleNamespace(warning=lambda _event, *, error: told.append(error)))

    run(office, nothing, refuse, nothing, nothing, recover, nothing, refuse, nothing, recover)

    assert told == ["OutOfMemoryError"] * 2


def test_a_redis_that_loses_what_it_held_without_a_word_is_noticed_within_a_minute(office: Office) -> None:
    run(office, nothing, office.redis.flushall, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert rung_stages(office) == clock.ALWAYS_SET


def test_bells_that_were_set_before_redis_s_clock_was_put_back_are_rung_within_minutes(office: Office) -> None:
    def put_the_clock_back() -> None:
        office.redis.zadd(keys.BELLS, {bells.member(stage, ACCOUNT): office.now + DAY for stage in clock.ALWAYS_SET})

    run(office, nothing, put_the_clock_back, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert all((office.next_bell(stage) or 0) <= office.settings.reconcile_seconds for stage in clock.ALWAYS_SET)


def test_a_destination_left_alone_before_the_clock_was_put_back_is_looked_at_again(office: Office) -> None:
    made = destinations.create(office.redis, Draft(url="https://crm.example/hook"), keys=())[0].id
    bell = bells.member(Stage.DELIVER, made)

    def put_the_clock_back() -> None:
        office.redis.zadd(keys.BELLS, {bell: office.now + DAY})

    run(office, nothing, put_the_clock_back, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert (office.redis.zscore(keys.BELLS, bell) or DAY) - office.now <= LONGEST_PAUSE


def test_a_destination_without_a_bell_is_left_without_one(office: Office) -> None:
    made = destinations.create(office.redis, Draft(url="https://crm.example/hook"), keys=())[0].id
    bell = bells.member(Stage.DELIVER, made)

    def take_the_bell() -> None:  # as who finds it paused, or with nothing that waits
        office.redis.zrem(keys.BELLS, bell)

    run(office, nothing, take_the_bell, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert office.redis.zscore(keys.BELLS, bell) is None


def test_a_lost_bell_of_a_call_that_is_about_to_end_is_noticed_within_a_minute(office: Office) -> None:
    def lose_it() -> None:
        office.redis.flushall()
        office.redis.zadd(keys.quiet(ACCOUNT), {"s-1": 1000.0})

    run(office, nothing, lose_it, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert bells.waiting(office.redis, Stage.TRACK) == 1


def test_an_account_that_is_no_more_is_rung_no_more(office: Office) -> None:
    office.redis.zadd(keys.BELLS, {bells.member(Stage.RESOLVE, "gone"): 0})

    run(office, nothing, nothing)

    assert bells.waiting(office.redis, Stage.RESOLVE) == 1
    assert office.redis.zscore(keys.BELLS, bells.member(Stage.RESOLVE, "gone")) is None


def test_winding_up_again_and_again_rings_nothing_before_its_time(office: Office) -> None:
    def serve_all() -> None:
        office.redis.flushall()
        office.redis.zadd(keys.BELLS, {bells.member(stage, ACCOUNT): FAR_AHEAD for stage in clock.ALWAYS_SET})

    run(office, nothing, serve_all, *[nothing] * TICKS_BETWEEN_WINDINGS)

    assert rung_stages(office) == ()


def test_a_clock_that_is_asked_to_stop_stops_at_once(office: Office) -> None:
    run(office)

    assert rung(office) == [0] * len(bells.OF_ACCOUNTS)
