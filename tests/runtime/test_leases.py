"""Leases and fenced commits, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from runtime import keys, leases
from runtime.leases import _ACQUIRE, LEASE_SECONDS, Command, Lease, LeaseHeld, LeaseLost, lease
from tests.outputs import entries, listening

ACCOUNT = "acme"
STAGE = "track"
LEASE = keys.lease(ACCOUNT, STAGE)
CURSOR = keys.inbox_cursor(ACCOUNT)
STREAM, REVISIONS, TALLY, DUE = "outcomes", "revisions", "tally", "due"


def expire(redis: Redis) -> None:
    """Let the lease run out, as if its runner had stalled."""
    redis.delete(LEASE)


def send_again(held: Lease, commands: list[Command]) -> None:
    """Send the last commit once more, as a client does whose answer was lost on the way."""
    held._commits -= 1
    held.commit(commands)


def published(revision: int, *channels: str, event: bytes = b"{}") -> Command:
    words = (REVISIONS, str(revision), "60", STREAM, event, "a.type", "s-1", ACCOUNT, TALLY, "busy")
    return ("PUBLISHED", *words, str(len(channels)), *channels)


def test_what_is_published_is_counted_as_often_as_it_is_published(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([published(1), published(1), published(2)])

    assert redis.hgetall(TALLY) == {b"busy": b"2"}
    assert 0 < int(redis.ttl(TALLY)) <= 60


def test_news_are_rung_for_whatever_history_is_written_down_behind_them(redis: Redis) -> None:
    redis.sadd(keys.LISTENING, "dst_1")
    history = ("KEPT", "others", *published(1)[2:])
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([history])
        assert redis.zcard(keys.BELLS) == 0
        held.commit([published(1), ("KEPT", "another", *published(1)[2:])])

    assert redis.zrange(keys.BELLS, 0, -1) == [b"deliver|dst_1"]


def test_a_list_of_lines_is_kept_for_as_long_as_was_said_since_the_last(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        for lives in ("10", "60"):
            held.commit([("LINKED", "list", b"a line\n", lives, "100")])

    assert 10 < int(redis.ttl("list")) <= 60


def move(old: float, new: float | None) -> Command:
    return ("MOVE", DUE, "s-1", repr(old), "" if new is None else f"{new:.3f}")


def published_in(redis: Redis) -> list[bytes]:
    return [fields[b"event"] for _, fields in entries(redis, STREAM)]


def test_a_stage_of_an_account_has_one_runner(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE), pytest.raises(LeaseHeld), lease(redis, ACCOUNT, STAGE):
        pytest.fail("two runners at once")


def test_other_stages_and_other_accounts_run_beside_it(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE), lease(redis, ACCOUNT, "resolve"), lease(redis, "globex", STAGE):
        assert redis.exists(LEASE)


def test_a_runner_that_ends_even_badly_leaves_the_stage_free(redis: Redis) -> None:
    with pytest.raises(ZeroDivisionError), lease(redis, ACCOUNT, STAGE):
        _ = 1 / 0

    with lease(redis, ACCOUNT, STAGE):
        assert redis.exists(LEASE)


def test_a_killed_runner_s_stage_is_free_again_after_the_lease(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE):
        left = int(redis.pttl(LEASE))

    assert 0 < left <= LEASE_SECONDS * 1000


def test_in_the_middle_of_a_long_step_the_lease_is_renewed_once_it_is_time(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        redis.pexpire(LEASE, 2000)
        held.keep()
        kept = int(redis.pttl(LEASE))
        held._renewed_at -= leases.RENEW_SECONDS
        held.keep()

        assert kept <= 2000
        assert int(redis.pttl(LEASE)) > 2000
        expire(redis)
        held._renewed_at -= leases.RENEW_SECONDS
        with pytest.raises(LeaseLost):
            held.keep()


def test_a_commit_applies_everything_and_renews_the_lease(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        redis.pexpire(LEASE, 2000)

        held.commit([("SET", "a", "1"), ("ZADD", DUE, "7.5", "s-1"), ("XADD", STREAM, "*", "k", "v")])

        assert int(redis.pttl(LEASE)) > 2000
    assert (redis.get("a"), redis.zscore(DUE, "s-1"), redis.xlen(STREAM)) == (b"1", 7.5, 1)


def test_renewing_changes_nothing_else(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        redis.pexpire(LEASE, 2000)
        before = redis.dbsize()

        held.commit(())

        assert int(redis.pttl(LEASE)) > 2000
        assert redis.dbsize() == before


def test_words_are_bytes_and_come_through_unchanged(redis: Redis) -> None:
    every_byte = bytes(range(256))

    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([("SET", every_byte, every_byte), ("SET", "text", "Zoë")])

    assert redis.get(every_byte) == every_byte
    assert redis.get("text") == "Zoë".encode()


def test_a_commit_may_be_large(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([("RPUSH", "list", str(number)) for number in range(20_000)])

    assert redis.llen("list") == 20_000


def test_a_stalled_runner_that_wakes_later_changes_nothing(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as stalled:
        expire(redis)
        with lease(redis, ACCOUNT, STAGE) as other:
            other.commit([("SET", "cursor", "2")])

            with pytest.raises(LeaseLost):
                stalled.commit([("SET", "cursor", "1"), published(1)])
            other.commit([("APPEND", "cursor", "3")])

    assert redis.get("cursor") == b"23"
    assert redis.xlen(STREAM) == 0


def test_a_runner_whose_lease_ran_out_commits_nothing_even_if_nobody_came(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        expire(redis)

        with pytest.raises(LeaseLost):
            held.commit([("SET", "cursor", "1")])

    assert redis.get("cursor") is None


def test_a_stalled_runner_does_not_free_the_stage_of_the_one_that_came_after(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as stalled:
        expire(redis)
        with lease(redis, ACCOUNT, STAGE):
            stalled.release()

            with pytest.raises(LeaseHeld), lease(redis, ACCOUNT, STAGE):
                pytest.fail("two runners at once")


def test_a_runner_changes_nothing_more_when_the_server_has_lost_what_it_had_acknowledged(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([("SET", "cursor", "1")])
        held.commit([("SET", "cursor", "2")])
        redis.set("cursor", "1")  # as a replica says that took over before the second commit had reached it
        redis.hset(LEASE, "commits", "1")

        with pytest.raises(LeaseLost):
            held.commit([("SET", "cursor", "3")])

    assert redis.get("cursor") == b"1"


def test_what_it_reads_comes_with_a_lease(redis: Redis) -> None:
    redis.set(CURSOR, "12-0")

    with lease(redis, ACCOUNT, STAGE, reads=CURSOR) as held:
        assert held.read == b"12-0"
    with lease(redis, ACCOUNT, STAGE) as held:
        assert held.read is None


def test_a_lease_whose_answer_was_lost_on_the_way_is_ours_when_asked_again(redis: Redis) -> None:
    acquire = redis.register_script(_ACQUIRE)

    answers = [acquire(keys=[LEASE, CURSOR], args=[token, 1000]) for token in ("ours", "ours", "theirs")]

    assert answers == [[None], [None], None]


def test_a_commit_that_is_sent_again_is_applied_once(redis: Redis) -> None:
    commands: list[Command] = [("INCR", "count"), ("XADD", STREAM, "*", "k", "v")]
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit(commands)
        send_again(held, commands)
        held.commit(commands)

    assert (redis.get("count"), redis.xlen(STREAM)) == (b"2", 2)


def test_an_event_is_published_once_in_the_stream_and_on_its_channels(redis: Redis) -> None:
    with listening(redis, "live", "live:acme") as listener, lease(redis, ACCOUNT, STAGE) as held:
        held.commit([published(1, "live", "live:acme", event=b'"one"')])
        held.commit([published(1, "live", "live:acme", event=b'"one more time"')])

        assert listener.heard() == [("live", "one"), ("live:acme", "one")]
    ((_, fields),) = entries(redis, STREAM)
    assert fields == {b"event": b'"one"', b"type": b"a.type", b"subject": b"s-1", b"account": b"acme"}


def test_live_news_are_sent_once_and_told_on_every_channel_and_kept_nowhere(redis: Redis) -> None:
    with listening(redis, "live", "live:acme") as listener, lease(redis, ACCOUNT, STAGE) as held:
        held.commit([("TOLD", b'"news"', "live", "live:acme"), ("TOLD", b'"for nobody"')])

        assert listener.heard() == [("live", "news"), ("live:acme", "news")]
    assert redis.exists(STREAM) == 0


def test_revisions_are_published_in_order_and_never_an_earlier_after_a_later_one(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        for revision in (0, 2, 1, 2, 10, 9):
            held.commit([published(revision, event=str(revision).encode())])

    assert published_in(redis) == [b"0", b"2", b"10"]


def test_each_published_revision_is_found_by_its_number(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([published(0), published(1)])

    (first, _), (second, _) = entries(redis, STREAM)
    assert redis.hgetall(REVISIONS) == {b"0": first, b"1": second, b"last": b"1", b"outcome": b"busy"}
    assert 0 < int(redis.ttl(REVISIONS)) <= 60


def test_a_member_moves_only_from_where_it_was_last_seen(redis: Redis) -> None:
    redis.zadd(DUE, {"s-1": 100.125})
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([move(100.125, 200)])
        assert redis.zscore(DUE, "s-1") == 200
        held.commit([move(100.125, 300)])
        assert redis.zscore(DUE, "s-1") == 200
        held.commit([move(100.125, None)])
        assert redis.zscore(DUE, "s-1") == 200
        held.commit([move(200.0, None)])

    assert redis.zscore(DUE, "s-1") is None


def test_a_member_that_somebody_removed_does_not_come_back_by_moving(redis: Redis) -> None:
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([move(100.0, 200)])

    assert redis.zcard(DUE) == 0


def test_what_goes_by_something_seen_is_done_only_while_that_is_so(redis: Redis) -> None:
    redis.hset("hash", "field", "seen")
    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([("SEEN", "hash", "field", "seen", "SET", "a", "1")])
        redis.hset("hash", "field", "changed")
        held.commit([("SEEN", "hash", "field", "seen", "SET", "a", "2"), ("SET", "b", "2")])
        redis.hdel("hash", "field")
        held.commit([("SEEN", "hash", "field", "changed", "SET", "a", "3")])

    assert (redis.get("a"), redis.get("b")) == (b"1", b"2")


def test_a_place_in_time_survives_its_way_through_redis_to_the_last_digit(redis: Redis) -> None:
    now = 1_790_000_000.123457
    redis.zadd(DUE, {"s-1": now})
    seen = redis.zscore(DUE, "s-1")

    with lease(redis, ACCOUNT, STAGE) as held:
        held.commit([move(float(seen or 0), None)])

    assert redis.zcard(DUE) == 0


def test_a_lease_knows_when_it_was_not_renewed_for_too_long(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(leases, "stopwatch", lambda: now[0])
    with lease(redis, ACCOUNT, STAGE, seconds=3) as held:
        now[0] += 2.9
        assert not held.may_be_over
        held.commit(())
        now[0] += 2.9
        assert not held.may_be_over
        now[0] += 0.1
        assert held.may_be_over


def test_a_lease_whose_granting_took_long_is_over_as_early_as_it_was_granted(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(leases, "stopwatch", lambda: now[0])

    with lease(Slow(redis, now), ACCOUNT, STAGE, seconds=3) as held:  # type: ignore[arg-type]  # as far as is asked of it
        now[0] += 1.0
        assert held.may_be_over


def test_so_is_one_whose_renewing_took_long(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(leases, "stopwatch", lambda: now[0])

    with lease(Slow(redis, now), ACCOUNT, STAGE, seconds=3) as held:  # type: ignore[arg-type]  # as far as is asked of it
        held.commit(())
        now[0] += 1.0
        assert held.may_be_over


class Slow:
    """A server that answers two seconds after it has carried a script out."""

    def __init__(self, redis: Redis, now: list[float]) -> None:
        self._redis = redis
        self._now = now

    def register_script(self, text: str) -> Callable[..., Any]:
        """Give the script as something to call."""
        script: Any = self._redis.register_script(text)

        def carried_out(**words: Any) -> Any:
            answer = script(**words)
            self._now[0] += 2.0
            return answer

        return carried_out
