"""The outcome log: what is published stands in the stream and is told on the channels it matters to."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from redis import Redis

from runtime import keys, outcome_log, ringout_documents
from runtime.clocks import redis_time
from runtime.deliveries import destinations, redrive
from runtime.deliveries.redrive import Redrive
from runtime.leases import lease
from runtime.ringouts import RingOut
from runtime.showing import call_history, calls, glance
from runtime.showing.call_filter import Filter
from telephony.destinations import Draft, Include
from telephony.events import CallEvent, encode, ended
from telephony.live_events import updated
from telephony.ringout_link import Linked, Linking
from telephony.times import iso_ms_at
from tests.builders.calls import ivr_call
from tests.builders.events import an_outcome
from tests.builders.notifications import second
from tests.builders.sessions import folded
from tests.outputs import entries, events, listening

ACCOUNT = "acme"
CALL = folded(*ivr_call().notifications)
ENDED = ended(CALL, now=second(40))
FIRST, CORRECTED = an_outcome(session=CALL), an_outcome(session=CALL, revision=2)

# The contract, section 4.
STREAM = "legwork:outcomes"
CHANNELS = ["legwork:live", "legwork:live:acme", "legwork:live:acme:60200101", "legwork:live:acme:60200900"]


def publish(redis: Redis, *published: CallEvent) -> None:
    with lease(redis, ACCOUNT, "resolve") as held:
        held.commit([outcome_log.published(ACCOUNT, event, retention=60) for event in published])


def test_an_entry_of_the_stream_has_the_four_fields_of_the_contract(redis: Redis) -> None:
    publish(redis, ENDED)

    ((_, fields),) = entries(redis, STREAM)
    assert fields == {
        b"event": encode(ENDED),
        b"type": b"legwork.call.ended",
        b"subject": CALL.id.encode(),
        b"account": b"acme",
    }


def test_an_event_with_a_word_of_a_later_version_hides_no_other(redis: Redis) -> None:
    publish(redis, ENDED)
    later = encode(ENDED).replace(f'"{ENDED.data.outcome}"'.encode(), b'"beamed"')
    place = redis.xadd(STREAM, {"event": later, "account": ACCOUNT})
    redis.hset(keys.revisions(ACCOUNT, CALL.id), mapping={"1": place, "last": "1"})
    destination, _ = destinations.create(redis, Draft(url="https://crm.example", include=Include.BOTH), keys=())
    ringout = RingOut("rgo_1", ACCOUNT, "~", asked_at=0.0, linking=Linking((Linked(CALL.id, "partyId", ""),)))

    assert glance.published_last(redis) == ((ACCOUNT, ENDED),)
    assert glance.Speeds(redis).now().calls == 0
    assert call_history.read(redis, ACCOUNT, CALL.id).events == (ENDED,)
    assert calls.search(redis, [ACCOUNT], Filter()).items == ()
    assert redrive.redrive(redis, destination.id, Redrive(everything=True), dry_run=True) == 1
    assert ringout_documents.became_of(redis, ringout).data is None


def test_what_is_published_is_told_on_the_channels_of_everybody_and_of_each_extension(redis: Redis) -> None:
    with listening(redis, *CHANNELS, "legwork:live:acme:60200102") as listener:
        publish(redis, ENDED)

        heard = listener.heard()
    assert [channel for channel, _ in heard] == CHANNELS
    assert all(document == msgspec.json.decode(encode(ENDED)) for _, document in heard)


def test_live_news_are_told_on_the_same_channels_and_stand_in_no_stream(redis: Redis) -> None:
    news = updated(CALL, now=second(40))
    with listening(redis, *CHANNELS) as listener, lease(redis, ACCOUNT, "track") as held:
        held.commit([outcome_log.live(ACCOUNT, news)])

        assert [channel for channel, _ in listener.heard()] == CHANNELS
    assert entries(redis, STREAM) == []


def test_a_revision_is_published_once_however_often_it_is_tried(redis: Redis) -> None:
    for _ in range(3):
        publish(redis, ENDED, FIRST)

    assert [event.id for event in events(redis)] == [ENDED.id, FIRST.id]


def test_the_end_of_a_call_is_never_told_after_its_outcome(redis: Redis) -> None:
    publish(redis, FIRST)
    publish(redis, ENDED)

    assert events(redis) == [FIRST]


def test_the_newest_revision_of_a_call_is_found(redis: Redis) -> None:
    assert outcome_log.newest(redis, ACCOUNT, CALL.id) is None

    publish(redis, ENDED, FIRST, CORRECTED)

    assert outcome_log.newest(redis, ACCOUNT, CALL.id) == CORRECTED.data


def test_all_revisions_of_a_call_are_found_oldest_first(redis: Redis) -> None:
    later = [an_outcome(session=CALL, revision=revision) for revision in range(3, 12)]
    publish(redis, ENDED, FIRST, CORRECTED, *later)

    found = outcome_log.revisions(redis, ACCOUNT, CALL.id)

    assert found == [encode(event) for event in (ENDED, FIRST, CORRECTED, *later)]


def test_revisions_the_log_no_longer_holds_are_left_out(redis: Redis) -> None:
    publish(redis, ENDED, FIRST)
    redis.xtrim(STREAM, maxlen=1, approximate=False)

    assert outcome_log.revisions(redis, ACCOUNT, CALL.id) == [encode(FIRST)]
    redis.delete(STREAM)
    assert outcome_log.newest(redis, ACCOUNT, CALL.id) is None


def test_which_revisions_were_published_is_known_for_the_retention(redis: Redis) -> None:
    publish(redis, ENDED)

    assert 0 < int(redis.ttl(keys.revisions(ACCOUNT, CALL.id))) <= 60


def test_history_is_kept_in_the_log_and_told_to_nobody(redis: Redis) -> None:
    with listening(redis, *CHANNELS) as listener, lease(redis, ACCOUNT, "resolve") as held:
        held.commit([outcome_log.published(ACCOUNT, FIRST, retention=60, deliver=False)])

        assert listener.heard() == []
    ((_, fields),) = entries(redis, STREAM)
    assert (fields[b"event"], fields[b"deliver"]) == (encode(FIRST), b"no")
    assert not list(redis.scan_iter(keys.tally("*")))
    assert not redis.exists(keys.BELLS)


def counted(minutes: tuple[Mapping[str, int], ...]) -> Counter[str]:
    return sum((Counter(one) for one in minutes), Counter())


def test_a_call_is_counted_in_the_minute_of_its_first_outcome(redis: Redis) -> None:
    tallies = outcome_log.Tallies(redis, minutes=3)
    assert tallies.now() == ({}, {}, {})
    now = datetime.now(UTC)
    publish(redis, ENDED, an_outcome(session=CALL, at=now), an_outcome(session=CALL, revision=2, at=now))

    assert counted(tallies.now()) == {"answered": 1}


def test_minutes_that_passed_are_read_again_when_the_next_begins(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    now, at = redis_time(redis), second(0).timestamp()
    monkeypatch.setattr(outcome_log, "redis_time", lambda _: at)
    tallies = outcome_log.Tallies(redis, minutes=4)
    publish(redis, an_outcome(session=CALL, at=second(0)))
    assert tallies.now() == ({}, {}, {}, {"answered": 1})
    redis.hset(keys.tally(iso_ms_at(at - 120)[:16]), "missed", 1)  # late: it is seen when the next minute begins
    assert counted(tallies.now()) == {"answered": 1}
    at += 60
    assert tallies.now() == ({"missed": 1}, {}, {"answered": 1}, {})
    at = now
    assert tallies.now() == ({}, {}, {}, {})
