"""The ledger: what was written is read back, what is unknown is absent, and what we cannot read is not guessed at."""

import zlib

import msgspec
import pytest
from redis import Redis

from runtime import keys, ledger
from runtime.leases import Command
from runtime.ledger import Resolution, State, Tracked
from tests.builders.calls import ivr_call, queue_call
from tests.builders.events import an_answered_record
from tests.builders.sessions import folded

ACCOUNT = "acme"
CALL = folded(*ivr_call().notifications)
OTHER = folded(*queue_call().notifications)
WRITTEN = (
    "029b32e3a63a284e520ccd938d924c4dd30c53ab0c2d932d920c4c12cdd20cab8cd28c130d2cc18e5d6166600476ee6a0b432333131320"
    "cfd0101a1532732c183297064eb8fe7ffaa218106b2d30527880e94ef0a626282088305ed790670d7292468b14234323b06f0d0d57fae5"
    "e717298425e6a4a2c5d64a6076cc53c84dcd2b8538d5121852a0b04038cef6af0a9a330f1d3a4092238d58511d098b2db88da09841b815"
    "2da60c70395171ee57b0c30e5cffcf5a7d1ec49c41aacb8cb9f1b90c9a86880ac5cca2440560e1950bf1132c45c1dc75fd7f64863ec885"
    "f3aeff9fb60e1ced6b41a1cca3711aec6e60da5ae3f7800398b60e0100"
)


def carry_out(redis: Redis, command: Command) -> None:
    redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


@pytest.mark.parametrize("ended_at", [None, 1_790_000_003.25])
def test_what_the_notifications_told_is_read_back_as_it_was(redis: Redis, ended_at: float | None) -> None:
    record = Tracked(CALL, heard_at=1_790_000_000.125, ended_at=ended_at)

    carry_out(redis, ledger.write_tracked(ACCOUNT, record, retention=60))

    assert ledger.tracked(redis, ACCOUNT, [CALL.id]) == {CALL.id: record}


def test_a_part_of_a_dense_record_is_no_record() -> None:
    blob = ledger.write_tracked(ACCOUNT, Tracked(CALL, heard_at=1.0, ended_at=2.0), retention=60)[2]
    assert isinstance(blob, bytes)

    for length in range(1, len(blob)):
        with pytest.raises(zlib.error):
            ledger.plain(blob[:length])


def test_only_a_call_of_which_nothing_more_is_heard_soon_is_made_dense() -> None:
    queued = queue_call().notifications
    steps = [folded(*queued[:count]) for count in range(1, len(queued) + 1)]
    talking = [step for step in steps if step.is_at_rest]

    dense = [step for step in steps if _version(Tracked(step, heard_at=1.0)) == b"\x02"]

    assert dense == talking
    assert 0 < len(talking) < len(steps)
    assert _version(Tracked(steps[-1], heard_at=1.0, ended_at=2.0)) == b"\x02"


def _version(record: Tracked) -> bytes:
    blob = ledger.write_tracked(ACCOUNT, record, retention=60)[2]
    assert isinstance(blob, bytes)
    return blob[:1]


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


@pytest.mark.parametrize("written", [b"\x7f whatever a later version writes", b"\x01 no", b"\x02 no", b""])
def test_what_cannot_be_read_is_named_never_misread_and_keeps_no_other_from_being_read(
    redis: Redis, written: bytes
) -> None:
    redis.set(keys.session(ACCOUNT, CALL.id), written)
    carry_out(redis, ledger.write_tracked(ACCOUNT, Tracked(OTHER, 1.0), retention=60))

    loaded = ledger.tracked(redis, ACCOUNT, [CALL.id, OTHER.id])

    assert set(loaded) == {OTHER.id}
    assert loaded.unreadable == {CALL.id}


def test_what_the_release_before_wrote_is_read_while_both_run(redis: Redis) -> None:
    record = Tracked(CALL, heard_at=1.0)
    redis.set(keys.session(ACCOUNT, CALL.id), b"\x01" + msgspec.msgpack.encode(record))

    assert ledger.tracked(redis, ACCOUNT, [CALL.id]) == {CALL.id: record}


def test_what_this_version_writes_can_be_read_for_ever() -> None:
    """Written once by this version: neither the dictionary nor the order of the fields may change without another."""
    written = bytes.fromhex(WRITTEN)

    assert ledger.read_tracked(written) == Tracked(CALL, heard_at=1_790_000_000.125)


def test_a_call_never_looked_at_is_one_that_has_ended_and_of_which_nothing_was_published() -> None:
    assert (Resolution().state, Resolution().revision, Resolution().digest) == (State.ENDED, 0, b"")


def test_however_many_records_are_asked_for_all_of_them_are_read(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_TOGETHER", 2)
    redis.mset({f"record-{number}": str(number) for number in range(5)})

    found = ledger.fetched(redis, ["record-0", "none", *(f"record-{number}" for number in range(1, 5))])

    assert found == [b"0", None, b"1", b"2", b"3", b"4"]


def test_a_call_stays_in_a_list_where_it_was_entered_first(redis: Redis) -> None:
    for began in (7.5, 9.5):
        for command in ledger.listed(ACCOUNT, {CALL.id: began}):
            carry_out(redis, command)

    assert redis.zscore(keys.listed(ACCOUNT), CALL.id) == 7.5
