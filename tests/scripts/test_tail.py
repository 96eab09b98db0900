from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from redis import Redis

from runtime import outcome_log
from runtime.keys import OUTCOMES
from runtime.leases import lease
from scripts.terminal.moments import moment
from scripts.terminal.outcome_table import OutcomeTable
from scripts.terminal.published import LiveChannels, OutcomeLog, Told, Wanted
from telephony import events
from telephony.events import CallEvent
from telephony.live_events import LiveEvent, LiveRingOut, updated
from telephony.records import PhoneParty
from tests.builders.call_log import a_record, a_ringout, to_callee, to_caller
from tests.builders.events import an_outcome
from tests.builders.notifications import ANSWERED, SETUP, second
from tests.builders.sessions import Said, an_inbound_call
from tests.builders.sessions import a_ringout as a_ringout_session
from tests.scripts.commands import run, run_here
from tests.scripts.publishing import outcome_of, publish

ANY = Wanted()
NOW = second(60)


def ids(read: list[Told]) -> list[str]:
    return [told.event.id for told in read]


def told(event: CallEvent | LiveEvent) -> Told:
    return Told("default", event, events.encode(event))


def lines(*shown: CallEvent | LiveEvent) -> list[str]:
    table = OutcomeTable()
    return [line for event in shown for line in table.lines(told(event))]


def test_the_last_events_come_oldest_first_and_then_what_follows(redis: Redis) -> None:
    publish(redis, *(outcome_of(f"s-{number}") for number in range(5)))
    log = OutcomeLog(redis, ANY)

    assert ids(log.last(2)) == ["s-3/1", "s-4/1"]
    publish(redis, outcome_of("s-5"))
    assert ids(log.wait()) == ["s-5/1"]
    assert log.wait() == []


def test_with_none_of_the_last_only_what_follows_is_told(redis: Redis) -> None:
    publish(redis, outcome_of("s-1"))
    log = OutcomeLog(redis, ANY)

    assert log.last(0) == []
    assert list(log.to_the_end()) == []


def test_an_event_that_only_a_later_version_can_read_is_passed_over(redis: Redis) -> None:
    later = events.encode(an_outcome()).replace(b'"answered"', b'"beamed"')
    redis.xadd(OUTCOMES, {"event": later, "account": "default"})
    publish(redis, outcome_of("s-1"))

    assert ids(OutcomeLog(redis, ANY).last(2)) == ["s-1/1"]


def test_the_last_are_the_last_of_those_that_are_wanted(redis: Redis) -> None:
    publish(redis, outcome_of("s-1", a_record("Missed")))
    publish(redis, outcome_of("s-2", a_record("Voicemail")))
    publish(redis, outcome_of("s-3", a_record("Missed")), account="other")

    assert ids(OutcomeLog(redis, Wanted(outcomes=frozenset({"missed"}))).last(1)) == ["s-3/1"]
    assert ids(OutcomeLog(redis, Wanted(account="default")).last(1)) == ["s-2/1"]
    assert ids(OutcomeLog(redis, Wanted("default", frozenset({"missed"}))).last(5)) == ["s-1/1"]


def test_reading_begins_with_what_was_published_at_that_time(redis: Redis) -> None:
    for milliseconds in (999, 1000, 1001):
        event = outcome_of(f"s-{milliseconds}")
        redis.xadd(OUTCOMES, {"event": events.encode(event), "account": "default"}, id=f"{milliseconds}-0")
    log = OutcomeLog(redis, ANY)

    log.stand_at(datetime.fromtimestamp(1, UTC))

    assert ids(list(log.to_the_end())) == ["s-1000/1", "s-1001/1"]


def test_news_of_a_call_that_is_on_come_once_though_each_extension_has_a_channel(redis: Redis) -> None:
    news = updated(an_inbound_call((1, SETUP), (3, ANSWERED)), now=NOW)
    channels = LiveChannels(redis, ANY)

    with lease(redis, "default", "track") as held:
        held.commit([outcome_log.live("default", news)])
    publish(redis, an_outcome())
    come: list[Told] = []
    while not come:
        come += channels.drain()
    channels.close()

    assert come == [told(news)]


@pytest.mark.parametrize("document", [b"{not json", b'{"type": "\xff"}', b'{"type": "legwork.call.updated"}'])
def test_what_is_no_event_on_a_channel_is_passed_over(redis: Redis, document: bytes) -> None:
    news = updated(an_inbound_call((1, SETUP), (3, ANSWERED)), now=NOW)
    channels = LiveChannels(redis, ANY)

    redis.publish("legwork:live:default", document)
    with lease(redis, "default", "track") as held:
        held.commit([outcome_log.live("default", news)])
    come: list[Told] = []
    while not come:
        come += channels.drain()
    channels.close()

    assert come == [told(news)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90s", datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 3, 2, 7, 1, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("1970-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, found: datetime) -> None:
    assert moment(text, now=NOW) == found


@pytest.mark.parametrize("text", ["", "yesterday", "5 weeks", "-3m", "999999999d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no time"):
        moment(text, now=NOW)


def test_the_names_of_the_columns_come_first_and_a_day_is_named_once() -> None:
    shown = lines(an_outcome(at=NOW), an_outcome(revision=2, at=NOW))

    assert shown[0].startswith("time")
    assert shown[1] == "2026-03-02 (UTC)"
    assert [line[:8] for line in shown[2:]] == ["09:01:00", "09:01:00"]


def test_an_outcome_the_call_log_has_not_confirmed_bears_a_question_mark() -> None:
    (*_, unconfirmed, confirmed) = lines(events.ended(an_inbound_call((1, ANSWERED)), now=NOW), an_outcome())

    assert "abandoned?" in unconfirmed
    assert "answered?" not in confirmed
    assert "answered" in confirmed


def test_a_line_tells_both_sides_of_a_ringout_and_the_seconds_since_the_end() -> None:
    ringout = a_ringout("Call connected", to_caller(), to_callee("Busy"), duration=45)

    shown = lines(an_outcome(ringout, at=NOW))[-1]

    assert "Call connected / Busy" in shown
    assert "15.0 s" in shown


def test_a_line_about_a_call_that_is_on_tells_where_its_parties_are() -> None:
    shown = lines(updated(an_inbound_call((1, ANSWERED), (3, SETUP)), now=NOW))[-1]

    assert shown.endswith("1 Answered, 3 Setup")
    assert " on " in shown
    assert "+12125550111 Noor Vale → +16505550101 Mira Holm" in shown


@pytest.mark.parametrize(
    ("event", "sides"),
    [
        (an_outcome(a_ringout("Busy", to_caller("Busy"))), "Busy / -"),
        (an_outcome(a_ringout(None, to_caller(None), to_callee("Busy"))), "- / Busy"),
        (an_outcome(), None),
    ],
)
def test_only_a_ringout_has_two_sides_and_one_that_was_not_called_has_none(event: CallEvent, sides: str | None) -> None:
    shown = lines(event)[-1]

    assert shown.endswith(sides) if sides else " / " not in shown


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (((1, ANSWERED), (2, SETUP)), "+16505550101 Mira Holm → +12125550111 Noor Vale"),
        (((1, ANSWERED),), "+16505550101 Mira Holm → ?"),
    ],
)
def test_a_line_about_a_ringout_that_is_on_tells_whom_it_calls_and_not_whose_number_they_see(
    said: tuple[Said, ...], told: str
) -> None:
    assert told in lines(updated(a_ringout_session(*said), now=NOW))[-1]


def test_a_line_about_the_live_status_of_a_ringout_has_ringcentrals_words() -> None:
    news = updated(a_ringout_session((1, ANSWERED)), now=NOW)
    status = LiveRingOut("ro-1", "s-1", "InProgress", "Success", None, None)

    going_on, over = (
        lines(replace(news, data=replace(news.data, parties=(), ringout=replace(status, over=why))))[-1]
        for why in (None, "gone")
    )

    assert going_on.endswith("RingOut InProgress / Success / -")
    assert over.endswith("RingOut InProgress / Success / - (over)")


def test_each_day_is_named_once() -> None:
    shown = lines(*(an_outcome(at=NOW + timedelta(days=day)) for day in (0, 0, 1)))

    assert [line for line in shown if "(UTC)" in line] == ["2026-03-02 (UTC)", "2026-03-03 (UTC)"]
    assert len([line for line in shown if line.startswith("time")]) == 1


def test_a_callers_name_cannot_steer_the_terminal() -> None:
    record = a_record(from_=PhoneParty(phone_number="+12125550111", name="\x1b[2J\rNoor"))

    shown = lines(an_outcome(record))[-1]

    assert "\x1b" not in shown
    assert "\r" not in shown
    assert "Noor" in shown


def test_the_command_prints_the_events_word_for_word_from_anywhere(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    event = an_outcome()
    publish(redis, event)

    done = run("tail.py", "--once", "--json", redis_url=redis_url, cwd=tmp_path)

    assert (done.stdout.encode(), done.returncode) == (events.encode(event) + b"\n", 0)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--outcome", "lost"], 2, "answered, voicemail"),
        (["--since", "1h", "--last", "3"], 2, "not allowed with"),
        (["--live", "--once"], 2, "--once about what is there"),
        ([], 1, "Redis does not answer"),
    ],
)
def test_a_fault_is_said_with_its_exit_code(arguments: list[str], code: int, told: str) -> None:
    done = run_here("tail.py", *arguments, redis_url="unix:///nowhere/redis.sock")

    assert done.returncode == code
    assert told in done.stderr
