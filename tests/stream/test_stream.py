"""What watchers are told: from the log with its places, from calls that are on, and how few of them hold a seat."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from redis import Redis

from runtime import keys, outcome_log
from runtime.clocks import stopwatch
from runtime.leases import lease
from telephony.events import CallEvent
from telephony.live_events import LiveEvent, updated
from tests.builders.calls import ivr_call
from tests.builders.notifications import second
from tests.builders.sessions import folded
from tests.outputs import entries
from tests.scripts.publishing import outcome_of, publish
from tests.simulator.waiting import wait_until
from tests.web.api_client import Client, an_app
from web import hub as hub_module
from web import stream
from web.hub import KEPT, Hub
from web.server_sent import BEAT, at
from web.stream import Watcher

NEWS = updated(folded(*ivr_call().notifications), now=second(40))


class Told(NamedTuple):
    """One event as an EventSource reads it."""

    type: str
    id: str | None
    data: Any


def read(text: bytes) -> list[Told]:
    """Read events; comments and `retry` lines are passed over."""
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            found.append(Told(fields["event"], fields.get("id"), msgspec.json.decode(fields["data"])))
    return found


def subjects(told: list[Told]) -> list[str]:
    return [one.data["subject"] for one in told]


def tell(redis: Redis, *events: LiveEvent) -> None:
    with lease(redis, "acme", "track") as held:
        held.commit([outcome_log.live("acme", event) for event in events or (NEWS,)])


def many(count: int) -> list[CallEvent]:
    return [outcome_of(f"s-{number}") for number in range(count)]


@pytest.fixture
def hub(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 0.05)
    hub = Hub(redis, seats=1)
    yield hub
    hub.stop()


def watcher(redis: Redis, hub: Hub, place: str | None = None) -> Watcher:
    number, end = hub.now()
    return Watcher(redis, hub, number=number, place=place or end)


def until(parts: Iterator[bytes], count: int) -> list[Told]:
    """Read until so many events came."""
    told: list[Told] = []
    while len(told) < count:
        told += read(next(parts))
    return told


def seated(redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """Watch, up to where there is nothing to tell and every moment that is said."""
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)
    parts = watcher(redis, hub).told()
    while next(parts) != BEAT:
        pass
    hub.wait_until_listening()
    return parts


def standing(redis: Redis, hub: Hub, place: str | None = None) -> list[Told]:
    """Watch while somebody else has the only seat."""
    with hub.seat():
        return read(b"".join(watcher(redis, hub, place).told()))


def test_a_watcher_is_told_what_is_published_with_its_place_in_the_log(redis: Redis, hub: Hub) -> None:
    publish(redis, outcome_of("s-before"))
    parts = watcher(redis, hub).told()
    next(parts)

    publish(redis, outcome_of("s-now"))
    told = until(parts, 1)

    place = outcome_log.end(redis)[0]
    assert [(one.type, one.id) for one in told] == [("legwork.call.outcome", place)]
    assert subjects(told) == ["s-now"]


def test_what_happens_during_calls_has_no_place_and_is_told_once_and_what_is_published_after_it_too(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = seated(redis, hub, monkeypatch)

    tell(redis)

    assert [(one.type, one.id) for one in until(parts, 1)] == [("legwork.call.updated", None)]
    assert next(parts) == BEAT
    publish(redis, outcome_of("s-now"))
    assert subjects(until(parts, 1)) == ["s-now"]


def test_history_that_nobody_is_told_of_is_told_to_no_watcher_who_goes_on_after_it(redis: Redis, hub: Hub) -> None:
    publish(redis, *many(3), deliver=False)
    parts = watcher(redis, hub, "0-1").told()
    assert read(next(parts) + next(parts)) == []
    publish(redis, outcome_of("s-past"), deliver=False)

    publish(redis, outcome_of("s-now"))

    assert subjects(until(parts, 1)) == ["s-now"]
    assert subjects(standing(redis, hub, "0-1")) == ["s-now"]


def test_who_is_behind_by_more_history_than_one_request_looks_through_goes_on_after_that(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 1)
    monkeypatch.setattr(stream, "_PAGE", 2)
    publish(redis, *many(3), deliver=False)
    publish(redis, outcome_of("s-now"))

    text = b"".join(watcher(redis, hub, "0-1").told())
    place = entries(redis, keys.OUTCOMES)[1][0].decode()
    assert read(text) == []
    assert text.endswith(at(place) + b"retry: 500\n\n")

    assert subjects(until(watcher(redis, hub, place).told(), 1)) == ["s-now"]


def test_what_the_channel_lost_is_told_from_the_log(redis: Redis, hub: Hub) -> None:
    parts = watcher(redis, hub).told()
    publish(redis, outcome_of("s-heard"))
    assert subjects(until(parts, 1)) == ["s-heard"]

    (_, fields) = entries(redis, keys.OUTCOMES)[-1]
    redis.xadd(keys.OUTCOMES, {"event": fields[b"event"], "account": fields[b"account"]})

    assert [one.id for one in until(parts, 1)] == [outcome_log.end(redis)[0]]


def test_what_is_published_is_told_before_the_log_is_looked_at_again(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 20.0)
    monkeypatch.setattr(stream, "SEAT_SECONDS", 5.0)
    parts = watcher(redis, hub).told()
    next(parts)
    hub.wait_until_listening()

    publish(redis, outcome_of("s-1"))

    assert subjects(until(parts, 1)) == ["s-1"]
    hub.dismiss()
    tell(redis)  # the reader waits for anything


def test_who_was_cut_off_goes_on_where_that_was(redis: Redis, hub: Hub) -> None:
    events = many(3)
    publish(redis, *events[:1])
    place = outcome_log.end(redis)[0]
    publish(redis, *events[1:])

    parts = watcher(redis, hub, place).told()

    assert subjects(until(parts, 2)) == ["s-1", "s-2"]


def test_who_was_cut_off_so_long_ago_that_the_log_has_dropped_everything_since_has_missed_that(
    redis: Redis, hub: Hub
) -> None:
    publish(redis, *many(2))
    redis.xtrim(keys.OUTCOMES, maxlen=0)

    assert standing(redis, hub, "1-0") == []


def test_who_is_further_behind_than_one_request_tells_is_sent_away_and_goes_on_from_there(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 1)
    monkeypatch.setattr(stream, "_PAGE", 2)
    publish(redis, *many(3))

    text = b"".join(watcher(redis, hub, "0-0").told())
    first = read(text)
    assert subjects(first) == ["s-0", "s-1"]
    assert text.endswith(b"retry: 500\n\n")

    assert subjects(until(watcher(redis, hub, first[-1].id).told(), 1)) == ["s-2"]


def test_who_was_told_nothing_yet_goes_on_from_where_that_was_too(redis: Redis, hub: Hub) -> None:
    publish(redis, outcome_of("s-before"))

    assert next(watcher(redis, hub).told()).endswith(f"id: {outcome_log.end(redis)[0]}\n\n".encode())


def test_without_a_seat_one_is_told_what_is_new_and_asked_to_come_again(redis: Redis, hub: Hub) -> None:
    publish(redis, *many(3))
    with hub.seat():
        text = b"".join(watcher(redis, hub, "0-0").told())

    assert text.startswith(b"retry: 2000\n\n")
    assert subjects(read(text)) == ["s-0", "s-1", "s-2"]
    assert standing(redis, hub) == []


def test_without_a_seat_one_hears_of_calls_that_are_on_too(redis: Redis, hub: Hub) -> None:
    hub.now()
    hub.wait_until_listening()
    tell(redis)
    hub.after(0, wait=5)

    assert [one.type for one in standing(redis, hub)] == ["legwork.call.updated"]


def test_a_seat_is_free_again_when_its_watcher_is_gone(redis: Redis, hub: Hub) -> None:
    parts = watcher(redis, hub).told()
    next(parts)
    with hub.seat() as seated:
        assert not seated

    parts.close()  # type: ignore[attr-defined]  # what a WSGI server does when the browser has gone

    with hub.seat() as seated:
        assert seated


def test_a_seat_is_held_for_a_while_only(redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SEAT_SECONDS", 0.2)
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)

    text = b"".join(watcher(redis, hub).told())

    assert text.startswith(b"retry: 500\n\n")
    assert 2 <= text.count(BEAT) <= 5


def test_a_seat_is_given_up_at_once_when_the_process_is_to_stop(redis: Redis, hub: Hub) -> None:
    parts = watcher(redis, hub).told()
    next(parts)

    hub.dismiss()

    assert read(b"".join(parts)) == []


@pytest.mark.parametrize("waits_already", [True, False])
def test_who_waits_for_news_is_sent_away_at_once_though_that_was_just_before(hub: Hub, *, waits_already: bool) -> None:
    dismissal = threading.Timer(0.05 if waits_already else 0.0, hub.dismiss)
    dismissal.start()
    if not waits_already:
        dismissal.join()

    assert hub.after(0, wait=3600) == ()


def test_whoever_fell_behind_the_ring_reads_the_log_instead_and_is_told_nothing_twice(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 10_000_000)
    parts = seated(redis, hub, monkeypatch)
    publish(redis, outcome_of("s-first"))
    assert subjects(until(parts, 1)) == ["s-first"]
    events = many(KEPT + 50)

    publish(redis, *events)
    wait_until(lambda: bool(hub.after(KEPT + 50)), seconds=10)
    assert len(hub.after(0)) == KEPT

    assert subjects(until(parts, len(events))) == [event.subject for event in events]
    assert next(parts) == BEAT


def test_whoever_fell_further_behind_than_one_request_tells_loses_nothing_either(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 1)
    monkeypatch.setattr(stream, "_PAGE", 2)
    parts = seated(redis, hub, monkeypatch)
    tell(redis, *[NEWS] * KEPT)

    publish(redis, *many(3))
    wait_until(lambda: bool(hub.after(KEPT + 2)), seconds=10)

    assert subjects(read(b"".join(parts))) == ["s-0", "s-1"]


def test_a_seat_tells_only_so_much_for_the_server_keeps_what_is_not_taken(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 1)
    parts = watcher(redis, hub).told()
    next(parts)

    publish(redis, outcome_of("s-1"))

    assert subjects(read(b"".join(parts))) == ["s-1"]


def test_whoever_takes_a_seat_wakes_a_reader_that_rests(
    redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "REST_SECONDS", 60)
    hub.now()
    hub.wait_until_listening()
    publish(redis, outcome_of("s-1"))
    wait_until(lambda: len(hub.after(0)) == 1)
    publish(redis, outcome_of("s-2"))
    number, place = hub.now()
    assert number == 1

    told = Watcher(redis, hub, number=number, place=place).told()
    next(told)
    publish(redis, outcome_of("s-3"))
    assert subjects(until(told, 1)) == ["s-3"]


def test_a_reader_that_rests_stops_at_once(redis: Redis, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "REST_SECONDS", 10)
    hub.now()
    hub.wait_until_listening()
    publish(redis, outcome_of("s-1"))
    wait_until(lambda: len(hub.after(0)) == 1)
    began = stopwatch()

    hub.stop()

    assert stopwatch() - began < 5


def test_many_news_at_once_are_all_heard(redis: Redis, hub: Hub) -> None:
    parts = watcher(redis, hub).told()
    next(parts)
    hub.wait_until_listening()

    tell(redis, *[NEWS] * KEPT)

    assert len(until(parts, KEPT)) == KEPT


@pytest.mark.parametrize("document", [b"{not json", b'{"type": "\xff"}', b'{"type": "x", "data": ' + b"[" * 100_000])
def test_garbage_on_the_channel_is_passed_over(
    redis: Redis, hub: Hub, document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEAT_SECONDS", 5.0)
    parts = watcher(redis, hub).told()
    next(parts)
    hub.wait_until_listening()

    redis.publish("legwork:live", document)
    tell(redis)

    assert [one.type for one in until(parts, 1)] == ["legwork.call.updated"]


def test_the_route_resumes_by_the_header_or_by_the_parameter_or_begins_with_what_comes(redis: Redis) -> None:
    publish(redis, *many(2))
    app = an_app(redis)
    client = Client(app)

    by_header = client.ask("GET", "/stream", headers={"Last-Event-ID": "0-0"})
    by_parameter = client.ask("GET", "/stream?after=0-0")

    for answer in (by_header, by_parameter):
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert subjects(until(iter(answer.response), 2)) == ["s-0", "s-1"]
        answer.close()
    first = outcome_log.after(redis, "0-0", most=1)[0].place  # what an EventSource sends that was given a place, too
    by_both = client.ask("GET", "/stream?after=0-0", headers={"Last-Event-ID": first})
    assert subjects(until(iter(by_both.response), 1)) == ["s-1"]
    by_both.close()
    by_neither = client.ask("GET", "/stream")
    assert next(iter(by_neither.response)).endswith(f"id: {outcome_log.end(redis)[0]}\n\n".encode())
    by_neither.close()
    app.extensions["hub"].stop()
    assert client.ask("GET", "/stream?after=x").status_code == 422
    assert app.test_client().get("/api/v1/stream").status_code == 401
