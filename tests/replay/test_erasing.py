"""Erasing: nothing of a person is left in any key, the counts stay, and RingCentral's call log brings nothing back."""

from contextlib import suppress
from typing import Any

import pytest
from redis import Redis

from runtime import audit, keys, ledger
from runtime.bells import Stage
from runtime.deliveries import destinations
from runtime.every_key import Trace, take_out, traces
from runtime.leases import LeaseHeld, lease
from runtime.replays import Level
from telephony.completeness import Standing
from telephony.destinations import Draft
from telephony.traces import TooShort, of_number
from tests.builders.call_log import a_leg, an_accept_leg
from tests.builders.calls import Call, queue_call
from tests.fakes.killed import Killed
from tests.replay.replaying import ReplayOffice
from tests.workers.office import ACCOUNT, document
from tests.workers.test_resolve import look, the_record
from workers import deliver, erasing, upkeep
from workers.dependencies import Dependencies
from workers.erasing import UnknownExtension, erase, person
from workers.stopping import Stopping

NUMBER = "+12125550199"


def everything(redis: Redis) -> dict[str, str]:
    """Read the whole server: every key with all it holds, as text."""
    found = {}
    for key in redis.scan_iter(count=1000):
        reads: dict[Any, Any] = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"zset": lambda name: redis.zrange(name, 0, -1),
            b"set": redis.smembers,
            b"list": lambda name: redis.lrange(name, 0, -1),
            b"stream": redis.xrange,
            b"none": lambda _: None,  # its time was over just now
        }
        found[key.decode()] = repr(reads[redis.type(key)](key))
    return found


def holding(redis: Redis, *needles: str) -> list[str]:
    """Name the keys that hold one of these texts, in their name or in their value."""
    return sorted(name for name, value in everything(redis).items() if any(n in name or n in value for n in needles))


@pytest.fixture
def calls(replaying: ReplayOffice) -> tuple[Call, Call]:
    """Have two calls that went all the way, the first with the person: told, refused, replayed, quarantined."""
    office = replaying.office
    destinations.create(replaying.redis, Draft(url="https://127.0.0.1:9/hook"), keys=())
    theirs = replaying.resolved()
    other = queue_call().ending_at(office.now)
    office.ended(other)
    office.show_document(_with_other_people(other))
    look(office, times=3)
    office.hear(f'{{"event": "spoiled", "number": "(212) 555-0199", "x": {theirs.telephony_session_id!r}'.encode())
    office.track()
    replaying.run(Level.RAW, number=NUMBER)
    for destination in destinations.all(replaying.redis):
        deliver.run(destination.id, linger=0)
    return theirs, other


def _with_other_people(other: Call) -> dict[str, Any]:
    written = document(the_record(other, an_accept_leg(), a_leg(), id="OTHER"), modified_at=0)
    for part in (written, *written["legs"]):
        part["from"] = part["to"] = {"phoneNumber": "+13035550111"}
    return written


def erased(replaying: ReplayOffice, *, dry_run: bool = False, **who: Any) -> Any:
    found = person(replaying.redis, **{"number": None, "extension": None, **who})
    return erase(replaying.redis, found.pattern, retention=3600, dry_run=dry_run)


def test_nothing_of_the_person_is_left_in_any_key(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    needles = ("12125550199", "2125550199", "555-0199")
    before = holding(replaying.redis, *needles)
    assert len(before) >= 6, before

    told = erased(replaying, number="(212) 555-0199")

    assert told.calls == 1
    assert holding(replaying.redis, *needles) == []
    assert list(traces(replaying.redis, of_number(NUMBER))) == []


def test_who_is_killed_again_and_again_while_erasing_leaves_in_the_end_what_others_leave(
    replaying: ReplayOffice, calls: tuple[Call, Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, _ = calls
    left = [0]

    def killed_after_one(redis: Redis, found: list[Trace]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        take_out(redis, found)

    monkeypatch.setattr(erasing, "TOGETHER", 1)
    monkeypatch.setattr(erasing, "take_out", killed_after_one)
    for _ in range(200):
        left[0] = 1
        with suppress(Killed):
            erased(replaying, number=NUMBER)
            break

    assert holding(replaying.redis, "12125550199", "555-0199") == []
    ids = {f"legwork:{{{ACCOUNT}}}:{name}" for name in ("calls", "listed", "suppressed")}
    one = theirs.telephony_session_id
    assert set(holding(replaying.redis, one)) == {*ids, keys.session(ACCOUNT, one)}


def test_everybody_else_s_calls_stay_as_they_were(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    _, other = calls
    before = replaying.office.published(other)

    erased(replaying, number=NUMBER)

    assert replaying.office.published(other) == before != []
    assert replaying.redis.exists(keys.session(ACCOUNT, other.telephony_session_id))


def test_a_dry_run_counts_and_erases_nothing(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    before = everything(replaying.redis)

    told = erased(replaying, dry_run=True, number=NUMBER)

    assert (told.calls, set(told.places) >= {"inbox", "outcomes", "session"}) == (1, True)
    assert everything(replaying.redis) == before


def test_the_completeness_ledger_still_adds_up(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    erased(replaying, number=NUMBER)

    now = replaying.office.now
    total = audit.total(audit.hours(replaying.redis, ACCOUNT, since=now - 7200, until=now, fresh=True))
    assert (total.known, total.count(Standing.SUPPRESSED), total.count(Standing.UNEXPLAINED)) == (2, 1, 0)


def test_what_comes_later_brings_nothing_back(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    theirs, _ = calls
    erased(replaying, number=NUMBER)

    replaying.office.show(the_record(theirs, id=f"R{theirs.telephony_session_id[-10:]}", result="Voicemail"))
    replaying.office.hear(theirs.bodies[-1])
    replaying.office.track()
    look(replaying.office, times=10)
    replaying.run(Level.BACKFILL, since=replaying.office.now - 86400)
    replaying.run(Level.RAW, calls=(theirs.telephony_session_id,))

    assert replaying.office.published(theirs) == []
    held = [name for name in holding(replaying.redis, "12125550199") if not name.endswith(":inbox")]
    assert held == []


def test_a_call_of_which_only_its_session_is_left_is_found(replaying: ReplayOffice) -> None:
    call = queue_call().ending_at(replaying.office.now)
    replaying.office.ended(call)
    replaying.redis.delete(keys.OUTCOMES, keys.inbox(ACCOUNT))
    extension = ledger.tracked(replaying.redis, ACCOUNT, [call.telephony_session_id])[
        call.telephony_session_id
    ].session.parties[-1]

    told = erased(replaying, extension=extension.extension_id)

    assert told.calls == 1
    left = ledger.tracked(replaying.redis, ACCOUNT, [call.telephony_session_id])[call.telephony_session_id]
    assert (left.erased, left.session.parties) == (True, ())


def test_an_extension_is_erased_by_its_id(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    theirs, _ = calls
    extension = replaying.office.outcomes(theirs)[0].data.extensions[0]

    told = erased(replaying, extension=extension)

    assert told.calls >= 1
    assert replaying.office.published(theirs) == []
    assert holding(replaying.redis, extension) == []


def test_an_extension_is_erased_by_its_number(replaying: ReplayOffice) -> None:
    call = queue_call().ending_at(replaying.office.now)
    written = document(the_record(call, an_accept_leg(), a_leg()), modified_at=0)
    for part in (written, *written["legs"]):
        part["from"] = {"phoneNumber": "+13035550111", "extensionId": "400131426555", "extensionNumber": "555"}
        part["to"] = {"phoneNumber": "+13035550112", "extensionId": "400131426556", "extensionNumber": "556"}
    replaying.office.ended(call)
    replaying.office.show_document(written)
    look(replaying.office, times=3)

    found = person(replaying.redis, number=None, extension="556")
    told = erased(replaying, extension="556")

    assert (found.extension_ids, told.calls) == (("400131426556",), 1)
    assert holding(replaying.redis, "400131426556") == []


def test_an_extension_by_a_number_that_no_event_tells_any_more_is_asked_for_by_its_id(replaying: ReplayOffice) -> None:
    with pytest.raises(UnknownExtension, match="give its id"):
        erased(replaying, extension="101")


def test_a_killed_erasure_leaves_nothing_that_could_be_told_and_is_finished_by_the_next(
    replaying: ReplayOffice, calls: tuple[Call, Call]
) -> None:
    theirs, _ = calls
    stopping = Stopping()
    stopping.set()
    with lease(replaying.redis, ACCOUNT, Stage.RESOLVE), pytest.raises(LeaseHeld):
        erase(replaying.redis, of_number(NUMBER), retention=3600, dry_run=False, stopping=stopping)
    replaying.office.hear(*theirs.bodies)
    replaying.office.track()
    look(replaying.office, times=2)
    assert len(replaying.office.outcomes(theirs)) == 1

    assert erased(replaying, number=NUMBER).calls == 1

    assert holding(replaying.redis, "2125550199", "555-0199") == []


def test_a_killed_erasure_leaves_no_call_of_which_nobody_can_say_where_it_stands(replaying: ReplayOffice) -> None:
    call = queue_call().ending_at(replaying.office.now)
    replaying.office.ended(call)
    number = call.documents[0]["body"]["parties"][0]["from"]["phoneNumber"]
    stopping = Stopping()
    stopping.set()
    with lease(replaying.redis, ACCOUNT, Stage.RESOLVE), pytest.raises(LeaseHeld):
        erase(replaying.redis, of_number(number), retention=3600, dry_run=False, stopping=stopping)

    look(replaying.office)

    now = replaying.office.now
    total = audit.total(audit.hours(replaying.redis, ACCOUNT, since=now - 3600, until=now))
    assert total.standings == {Standing.SUPPRESSED: 1}


def test_however_many_calls_somebody_had_destinations_forget_them(replaying: ReplayOffice) -> None:
    one, _ = destinations.create(replaying.redis, Draft(url="https://127.0.0.1:9/hook"), keys=())
    ids = [f"s-{number}" for number in range(9000)]
    replaying.redis.hset(keys.waiting(one.id), mapping=dict.fromkeys(ids, "[]"))

    erasing._of_destinations(replaying.redis, ids, Stopping())

    assert replaying.redis.exists(keys.waiting(one.id)) == 0


@pytest.mark.parametrize("short", ["101", "911", "555-01"])
def test_what_would_be_found_everywhere_is_refused(short: str) -> None:
    with pytest.raises(TooShort):
        of_number(short)


def test_a_destination_whose_filter_names_the_person_is_told_of_and_stays(
    replaying: ReplayOffice, calls: tuple[Call, Call]
) -> None:
    asked, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/hook", numbers=(NUMBER,)), keys=())

    told = erased(replaying, number=NUMBER)

    assert told.filters == (asked.id,)
    assert destinations.get(replaying.redis, asked.id) == asked


def test_seven_digits_are_enough() -> None:
    assert of_number("555-0199").search(b"+12125550199") is None
    assert of_number("555-0199").search(b"555 0199")


@pytest.mark.parametrize(
    ("spelled", "is_found"),
    [
        (b'"+12125550199"', True),
        (b'"(212) 555-0199"', True),
        (b"1-212-555-0199", True),
        (b"212.555.0199", True),
        (b"92125550199", False),
        (b"21255501990", False),
    ],
)
def test_a_number_is_found_in_any_spelling_and_within_no_other(spelled: bytes, is_found: object) -> None:
    found = of_number("+1 (212) 555-0199").search(spelled)

    assert bool(found) is is_found


def test_after_the_retention_nothing_is_left_of_anybody(replaying: ReplayOffice, calls: tuple[Call, Call]) -> None:
    settings, made = replaying.office.settings, replaying.office.dependencies
    assert isinstance(made, Dependencies)
    for _ in range(2):
        replaying.office.let_pass(settings.retention_seconds + 120)
        forget_what_has_expired(replaying.redis, within=settings.retention_seconds)
        upkeep.serve(ACCOUNT)

    numbers = ("12125550199", "13035550111", "16505550", "5550199")
    assert holding(replaying.redis, *numbers) == []
    assert holding(replaying.redis, *(call.telephony_session_id for call in calls)) == []


def forget_what_has_expired(redis: Redis, *, within: float) -> None:
    """Do what Redis does when that time has passed: take away what has a time to live."""
    for key in redis.scan_iter(count=1000):
        seconds = int(redis.ttl(key))
        assert seconds <= within, f"{key!r} is kept for {seconds} s"
        if seconds >= 0:
            redis.delete(key)
