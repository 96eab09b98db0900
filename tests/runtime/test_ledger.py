"""The ledger: what was written is read back, what is unknown is absent, and what we cannot read is not guessed at."""

import pytest
from redis import Redis

from runtime import keys, ledger
from runtime.leases import Command
from runtime.ledger import Resolution, State, Tracked, UnknownVersion
from tests.builders.calls import ivr_call, queue_call
from tests.builders.events import an_answered_record
from tests.builders.sessions import folded

ACCOUNT = "acme"
CALL = folded(*ivr_call().notifications)
OTHER = folded(*queue_call().notifications)


def carry_out(redis: Redis, command: Command) -> None:
    redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


@pytest.mark.parametrize("ended_at", [None, 1_790_000_003.25])
def test_what_the_notifications_told_is_read_back_as_it_was(redis: Redis, ended_at: float | None) -> None:
    record = Tracked(CALL, heard_at=1_790_000_000.125, ended_at=ended_at)

    carry_out(redis, ledger.write_tracked(ACCOUNT, record, retention=60))

    assert ledger.tracked(redis, ACCOUNT, [CALL.id]) == {CALL.id: record}


def test_what_became_of_a_call_is_read_back_as_it_was(redis: Redis) -> None:
    record = Resolution(State.RESOLVED, revision=3, digest=bytes(range(8)), record_seen_at=1_790_000_040.5)

    carry_out(redis, ledger.write_resolution(ACCOUNT, CALL.id, record, retention=60))

    assert ledger.resolutions(redis, ACCOUNT, [CALL.id]) == {CALL.id: record}


def test_records_seen_too_early_are_read_back_as_they_were(redis: Redis) -> None:
    seen = (an_answered_record(), an_answered_record(id="A2"))

    carry_out(redis, ledger.write_records(ACCOUNT, CALL.id, seen))

    assert ledger.records(redis, ACCOUNT, [CALL.id]) == {CALL.id: seen}
    assert 0 < int(redis.ttl(keys.records(ACCOUNT, CALL.id))) <= ledger.RECORDS_KEPT_SECONDS


def test_only_what_is_known_comes_back(redis: Redis) -> None:
    carry_out(redis, ledger.write_tracked(ACCOUNT, Tracked(OTHER, 1.0), retention=60))

    assert list(ledger.tracked(redis, ACCOUNT, [CALL.id, OTHER.id])) == [OTHER.id]
    assert ledger.resolutions(redis, ACCOUNT, [CALL.id, OTHER.id]) == {}
    assert ledger.tracked(redis, ACCOUNT, []) == {}


def test_accounts_have_ledgers_of_their_own(redis: Redis) -> None:
    carry_out(redis, ledger.write_tracked(ACCOUNT, Tracked(CALL, 1.0), retention=60))

    assert ledger.tracked(redis, "globex", [CALL.id]) == {}


def test_a_record_lives_for_the_retention_after_its_last_change(redis: Redis) -> None:
    carry_out(redis, ledger.write_tracked(ACCOUNT, Tracked(CALL, 1.0), retention=60.9))
    carry_out(redis, ledger.write_resolution(ACCOUNT, CALL.id, Resolution(), retention=120))

    assert 0 < int(redis.ttl(keys.session(ACCOUNT, CALL.id))) <= 60
    assert 60 < int(redis.ttl(keys.resolution(ACCOUNT, CALL.id))) <= 120


def test_a_record_of_a_later_version_is_refused_and_never_misread(redis: Redis) -> None:
    redis.set(keys.session(ACCOUNT, CALL.id), b"\x02 whatever a later version writes")

    with pytest.raises(UnknownVersion):
        ledger.tracked(redis, ACCOUNT, [CALL.id])


def test_a_call_never_looked_at_is_one_that_has_ended_and_of_which_nothing_was_published() -> None:
    assert (Resolution().state, Resolution().revision, Resolution().digest) == (State.ENDED, 0, b"")
