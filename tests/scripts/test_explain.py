from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from redis import Redis

from runtime import ledger, outcome_log
from runtime.clocks import redis_time
from runtime.inbox import Inbox
from runtime.leases import lease
from runtime.ledger import Resolution, State, Tracked
from runtime.showing import call_history
from scripts.terminal.call_report import report
from telephony import events
from telephony.records import CallLogRecord
from telephony.sessions import Session, fold
from tests.builders.call_log import a_leg, a_record, an_accept_leg
from tests.builders.calls import Call, ivr_call, queue_call
from tests.builders.events import an_outcome
from tests.builders.kept_calls import erase
from tests.scripts.commands import run, run_here
from tests.scripts.publishing import outcome_of, publish

RECORD = a_record("Accepted", an_accept_leg(), a_leg("PstnToSip", "Call connected"))


@pytest.fixture
def call(redis: Redis) -> Call:
    """Have a call in Redis as the workers leave it: heard, ended, resolved; another one was on meanwhile."""
    call = ivr_call()
    inbox = Inbox(redis, "default")
    for ours, other in zip(call.bodies, queue_call().bodies, strict=False):
        inbox.append(ours)
        inbox.append(other)
    inbox.append(call.bodies[-1])
    resolve(redis, call, RECORD)
    return call


def resolve(redis: Redis, call: Call, record: CallLogRecord) -> None:
    session = None
    for notification in call.notifications:
        session = fold(session, notification)
    assert session is not None
    now = redis_time(redis)
    moment = datetime.fromtimestamp(now, UTC)
    resolution = Resolution(state=State.RESOLVED, revision=1, record_seen_at=now)
    outcome = an_outcome(record, session=session, at=moment)
    with lease(redis, "default", "resolve") as held:
        held.commit(
            [
                ledger.write_tracked("default", Tracked(session, now, now), retention=600),
                ledger.write_resolution("default", session.id, resolution, retention=600),
                outcome_log.published("default", events.ended(session, now=moment), retention=600),
                outcome_log.published("default", outcome, retention=600),
            ]
        )


def test_the_history_holds_the_calls_own_notifications_as_often_as_they_came(redis: Redis, call: Call) -> None:
    history = call_history.read(redis, "default", call.telephony_session_id)

    heard = [one.notification for one in history.notifications]
    shared = min(len(call.notifications), len(queue_call().notifications))
    assert heard == [*call.notifications[:shared], call.notifications[-1]]
    assert [event.data.revision for event in history.events] == [0, 1]


def test_a_call_is_told_from_its_first_notification_to_the_reason_of_each_value(redis: Redis, call: Call) -> None:
    history = call_history.read(redis, "default", call.telephony_session_id)

    told = "\n".join(report(history, history.events[-1]))

    for part in ("notification 2 ", "party 1 Setup", "revision 0:", "record seen", "revision 1: answered"):
        assert part in told
    assert [line.split()[:3] for line in told.splitlines() if "PstnToSip" in line] == [["1", "PstnToSip", "agent"]]
    assert any(line.split()[:2] == ["outcome", "answered"] for line in told.splitlines())


def test_what_a_stranger_wrote_steers_no_terminal(redis: Redis, call: Call) -> None:
    history = call_history.read(redis, "default", call.telephony_session_id)
    data = msgspec.structs.replace(history.events[-1].data, origin="\x1b]0;gone\x07", direction="\x1b[2J")

    told = "\n".join(report(history, msgspec.structs.replace(history.events[-1], data=data)))

    assert "gone" in told
    assert "\x1b" not in told


def test_a_notification_that_came_twice_is_told_so(redis: Redis) -> None:
    call = ivr_call()
    inbox = Inbox(redis, "default")
    for body in (call.bodies[0], call.bodies[0]):
        inbox.append(body)
    resolve(redis, call, RECORD)

    told = "\n".join(report(call_history.read(redis, "default", call.telephony_session_id), None))

    assert told.count("notification 2 ") == 2
    assert told.count("notification 2 (again)") == 1


def test_a_call_without_an_outcome_is_told_as_far_as_it_got(redis: Redis) -> None:
    call = ivr_call()
    session = fold(None, call.notifications[0])
    with lease(redis, "default", "track") as held:
        held.commit([ledger.write_tracked("default", Tracked(session, redis_time(redis)), retention=600)])

    told = "\n".join(report(call_history.read(redis, "default", session.id), None))

    assert "is on, as far as we have heard" in told
    assert "PARTIES" in told


def test_a_call_known_from_its_record_alone_is_told_too(redis: Redis) -> None:
    publish(redis, outcome_of("s-only", RECORD))

    assert call_history.find(redis, ["s-o"]) == {"s-o": (("default", "s-only"),)}
    history = call_history.read(redis, "default", "s-only")
    assert "LEGS" in "\n".join(report(history, history.events[-1]))


def test_a_beginning_is_taken_word_for_word(redis: Redis) -> None:
    for one in ("s-a*c", "s-abc", "s-[ab]"):
        publish(redis, outcome_of(one))

    assert call_history.find(redis, ["s-a*"]) == {"s-a*": (("default", "s-a*c"),)}
    assert call_history.find(redis, ["s-[ab"]) == {"s-[ab": (("default", "s-[ab]"),)}


def test_however_many_beginnings_are_looked_for_all_keys_are_passed_over_once(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("s-a1", "s-a12", "s-b1"):
        publish(redis, outcome_of(one))
    scan, passes = redis.scan_iter, list[str]()

    def scanning(match: str, count: int) -> Iterator[bytes]:
        passes.append(match)
        return scan(match, count=count)

    monkeypatch.setattr(redis, "scan_iter", scanning)

    found = call_history.find(redis, ["s-a1", "s-b", "s-unknown-to-us"])

    assert {one: [call for _, call in calls] for one, calls in found.items()} == {
        "s-a1": ["s-a1", "s-a12"],
        "s-b": ["s-b1"],
        "s-unknown-to-us": [],
    }
    assert len(passes) == len({"sessions", "revisions"})


def test_the_command_takes_the_beginning_of_an_id(redis_url: str, call: Call) -> None:
    done = run("explain.py", call.telephony_session_id[:12], redis_url=redis_url)

    assert done.returncode == 0
    assert call.telephony_session_id in done.stdout


def test_the_command_tells_machines_the_same(redis_url: str, call: Call) -> None:
    done = run_here("explain.py", call.telephony_session_id, "--json", "--revision", "1", redis_url=redis_url)

    document = msgspec.json.decode(done.stdout)
    assert document["telephonySessionId"] == call.telephony_session_id
    assert document["state"] == "resolved"
    assert document["notifications"][0]["parties"][0]["code"] == "Setup"
    assert [leg["role"] for leg in document["legs"]] == ["caller", "agent"]
    assert document["explanation"][0]["field"] == "outcome"


def test_a_call_that_two_accounts_know_is_told_of_the_one_that_is_named(redis: Redis, redis_url: str) -> None:
    for account in ("default", "globex"):
        publish(redis, outcome_of("s-1"), account=account)

    either = run_here("explain.py", "s-1", redis_url=redis_url)
    named = run_here("explain.py", "s-1", "--account", "globex", redis_url=redis_url)
    neither = run_here("explain.py", "s-2", "--account", "globex", redis_url=redis_url)

    assert (
        either.returncode,
        "2 calls begin so:\n  s-1 of account default\n  s-1 of account globex" in either.stderr,
    ) == (1, True)
    assert (named.returncode, "call s-1 of account globex" in named.stdout) == (0, True), named.stderr
    assert "begins with 's-2' in account 'globex'" in neither.stderr


@pytest.mark.parametrize(("count", "more"), [(10, ""), (12, "and 2 more")])
def test_of_very_many_calls_that_begin_so_the_first_are_named(
    redis: Redis, redis_url: str, count: int, more: str
) -> None:
    publish(redis, *(outcome_of(f"s-1{number:02}") for number in range(count)))

    told = run_here("explain.py", "s-1", redis_url=redis_url).stderr

    assert told.count("of account default") == 10
    assert told.rstrip().endswith(more or "s-109 of account default")


def test_a_whole_id_is_never_taken_for_the_beginning_of_another(redis: Redis, redis_url: str) -> None:
    publish(redis, *(outcome_of(one) for one in ("s-1", "s-12")))

    assert "call s-1 of account" in run_here("explain.py", "s-1", redis_url=redis_url).stdout


@pytest.mark.parametrize(("words", "revision"), [((), 2), (("--revision", "1"), 1)])
def test_the_newest_revision_is_explained_unless_another_is_asked_for(
    redis: Redis, redis_url: str, words: tuple[str, ...], revision: int
) -> None:
    publish(redis, outcome_of("s-1"), an_outcome(session=Session("s-1"), revision=2))

    assert f"WHY REVISION {revision} SAYS SO" in run_here("explain.py", "s-1", *words, redis_url=redis_url).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["zzz"], 1, "no call's telephonySessionId begins with 'zzz'"),
        (["s-"], 1, "3 calls begin so"),
        (["s-1", "--revision", "7"], 1, "no revision 7"),
        (["s-0003"], 1, "call s-0003 of account default was erased"),
        ([""], 2, "must not be empty"),
    ],
)
def test_what_cannot_be_explained_is_said(
    redis: Redis, redis_url: str, arguments: list[str], code: int, told: str
) -> None:
    publish(redis, *(outcome_of(one) for one in ("s-1", "s-12")))
    erase(redis, 3, account="default")

    done = run_here("explain.py", *arguments, redis_url=redis_url)

    assert done.returncode == code
    assert told in done.stderr
