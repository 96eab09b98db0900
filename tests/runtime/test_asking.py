"""The position of an account in its call log: which lane, which token, how far."""

import msgspec
import pytest
from redis import Redis

from runtime import asking, keys
from runtime.asking import BROKEN_SECONDS, FAILURES, LATE_SECONDS, LONGEST_REST, REFUSED_SECONDS, Asking
from runtime.budget import Share
from telephony.fetch_plan import Lane
from telephony.looks import LAGS_KEPT
from telephony.narrowing import Narrowing

NOW = 1_790_000_000.0
FEEDS = (Lane.EXTRACT, Lane.SYNC)


def stored(redis: Redis, position: Asking) -> Asking:
    """Write a position as a commit does, and load it."""
    redis.set(keys.asking("acme"), asking.write("acme", position, settle=10)[0][-1])
    return asking.load(redis, "acme")


def test_a_new_account_begins_with_the_best_lane_and_knows_nothing() -> None:
    assert Asking().lane(company=True, now=NOW) is Lane.EXTRACT
    assert [Asking().token_of(lane) for lane in FEEDS] == [None, None]
    assert Asking().shown_since is None
    assert not Asking().has_gap


def test_a_users_own_call_log_has_no_extract_feed() -> None:
    assert Asking().lane(company=False, now=NOW) is Lane.SYNC


def test_a_lane_that_was_refused_gives_way_to_the_next_for_an_hour() -> None:
    once = Asking().without(Lane.EXTRACT, now=NOW)
    twice = once.without(Lane.SYNC, now=NOW + 60)

    assert once.lane(company=True, now=NOW) is Lane.SYNC
    assert twice.lane(company=True, now=NOW + 60) is Lane.LIST
    assert twice.lane(company=True, now=NOW + REFUSED_SECONDS) is Lane.EXTRACT
    assert twice.lane(company=False, now=NOW + REFUSED_SECONDS) is Lane.LIST


def test_a_token_is_good_for_its_own_lane_only() -> None:
    position = Asking().begun(Lane.SYNC, "t")

    assert position.token_of(Lane.SYNC) == "t"
    assert position.token_of(Lane.EXTRACT) is None


def test_a_refused_lane_takes_its_own_token_along_and_no_other() -> None:
    position = Asking().begun(Lane.SYNC, "t", since=NOW)

    assert position.without(Lane.EXTRACT, now=NOW).token_of(Lane.SYNC) == "t"
    assert position.without(Lane.SYNC, now=NOW).token_of(Lane.SYNC) is None
    assert position.without(Lane.SYNC, now=NOW).refused_until == {Lane.SYNC: NOW + REFUSED_SECONDS}


def test_a_lane_is_left_alone_after_some_failures_in_a_row_and_not_for_as_long() -> None:
    position = Asking().begun(Lane.EXTRACT, "t")
    for _ in range(FAILURES - 1):
        position = position.after_failure(Lane.EXTRACT, now=NOW)
        assert position.lane(company=True, now=NOW) is Lane.EXTRACT

    position = position.after_failure(Lane.EXTRACT, now=NOW)

    assert position.lane(company=True, now=NOW) is Lane.SYNC
    assert position.lane(company=True, now=NOW + BROKEN_SECONDS) is Lane.EXTRACT
    assert position.token_of(Lane.EXTRACT) == "t"
    assert position.failures == 0


@pytest.mark.parametrize(
    ("compared_to", "since", "gap"),
    [(None, NOW, False), (NOW - 1, None, False), (NOW - 1, NOW, True), (NOW, NOW, False), (NOW + 1, NOW, False)],
)
def test_there_is_a_gap_while_the_feed_begins_after_what_was_compared(
    compared_to: float | None, since: float | None, *, gap: bool
) -> None:
    position = Asking(compared_to=compared_to).begun(Lane.SYNC, "t", since=since)

    assert position.has_gap is gap


def test_what_a_feed_did_not_show_remains_to_be_compared_without_its_token() -> None:
    position = Asking(compared_to=NOW - 10).begun(Lane.SYNC, "t", since=NOW).without_token()

    assert position.token_of(Lane.SYNC) is None
    assert position.has_gap


def test_only_the_newest_lags_are_kept() -> None:
    position = Asking().with_lags(tuple(float(number) for number in range(LAGS_KEPT)))

    assert position.with_lags((1000.0,)).lags == (*position.lags[1:], 1000.0)
    assert position.with_lags(()) is position


def test_what_is_stored_is_loaded_again(redis: Redis) -> None:
    position = msgspec.structs.replace(
        Asking(compared_to=NOW, swept_at=NOW, density=0.5, lags=(1.0, 2.5)).begun(Lane.SYNC, "t", since=NOW),
        refused_until={Lane.EXTRACT: NOW},
        failures=2,
    )

    assert stored(redis, position) == position
    assert stored(redis, Asking()) == Asking()


@pytest.mark.parametrize("text", [None, b"", b"{", b"[]", b'{"refusedUntil":{"a-lane-of-tomorrow":1}}'])
def test_what_cannot_be_read_is_a_new_beginning(redis: Redis, text: bytes | None) -> None:
    if text is not None:
        redis.set(keys.asking("acme"), text)

    assert asking.load(redis, "acme") == Asking()


def test_accounts_have_positions_of_their_own(redis: Redis) -> None:
    stored(redis, Asking(compared_to=NOW))

    assert asking.load(redis, "other") == Asking()


def test_after_the_clock_was_put_back_nothing_rests_for_longer_than_it_ever_does() -> None:
    tomorrow = NOW + 86_400
    narrowing = Narrowing(10.0, since=tomorrow)
    failed = Asking(compared_to=tomorrow, past_density=1.0, narrowing=narrowing).after_past_failure(
        now=tomorrow, density=4.0
    )
    swept = failed.swept(tomorrow, is_answered=True)
    before = swept.after_late(4.0, Share.BACKFILL, now=tomorrow).without(Lane.EXTRACT, now=tomorrow)

    position = before.as_of(NOW)

    assert position.compared_to == position.last_answer == position.narrowing.since == NOW
    assert position.past_from <= NOW + LONGEST_REST
    assert position.lane(company=True, now=NOW + REFUSED_SECONDS) is Lane.EXTRACT
    assert position.with_density(1.0, Share.BACKFILL).density_for(Share.BACKFILL, now=NOW + LATE_SECONDS) == 2.0


def test_a_feed_that_shows_only_what_is_still_to_come_after_the_clock_was_put_back_is_begun_anew() -> None:
    tomorrow = NOW + 86_400
    begun = Asking(compared_to=tomorrow).begun(Lane.SYNC, "t", since=tomorrow)

    position = begun.as_of(NOW)

    assert (position.token_of(Lane.SYNC), position.shown_since, position.has_gap) == (None, None, False)
    assert begun.as_of(tomorrow) is begun


def test_a_position_that_can_be_is_given_as_it_is() -> None:
    position = Asking(compared_to=NOW, past_from=NOW + 60).without(Lane.EXTRACT, now=NOW)

    assert position.as_of(NOW) is position
