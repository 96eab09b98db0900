"""Records that come late, come empty-handed, or change; and notifications in any order. RELIABILITY rows 50-52, 62."""

import pytest

from runtime.ledger import State
from runtime.settings import Settings
from scripts.simulator import SCENARIOS
from scripts.simulator.chance import seeded
from telephony.events import ENDED, OUTCOME
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import EXTRACT, LIST, SYNC
from tests.asking.conftest import MakeCompany, Opened, an_account
from tests.asking.legwork import Legwork, events_of, is_right, state_of
from tests.outputs import events
from tests.ringcentral.server import Server, fails, says

LIST_ONLY = (EXTRACT, SYNC)
LIST_PATH = f"/restapi/v1.0/account/~/{LIST}"


@pytest.mark.parametrize("lag", [0.0, 5.0, 15.0, 45.0, 120.0])
@pytest.mark.parametrize("refused", [(), (EXTRACT,), LIST_ONLY], ids=["extract", "sync", "list"])
def test_a_record_that_is_late_is_no_error_and_found_soon_after_it_came(
    opened: Opened, lag: float, refused: tuple[str, ...]
) -> None:
    legwork, company = opened()
    company.without(*refused)
    legwork.pass_time(30)
    take = company.call(lag=lag)

    legwork.pass_time(30 + max(10, lag) + max(7, lag / 4) + 2)

    assert is_right(legwork.redis, take)
    assert state_of(legwork.redis, take) is State.RESOLVED


def test_records_with_all_kinds_of_lags_lose_no_call(opened: Opened) -> None:
    legwork, company = opened()
    chance = seeded("lags")
    takes = [
        company.call(scenario, begins=chance.uniform(0, 300), length=chance.uniform(5, 200), lag=chance.uniform(0, 120))
        for scenario in sorted(SCENARIOS)
        for _ in range(2)
    ]

    legwork.pass_time(800)

    assert is_right(legwork.redis, *takes)
    assert all(state_of(legwork.redis, take) is State.RESOLVED for take in takes)


def test_a_look_up_that_is_answered_with_not_found_is_an_answer_too(
    redis: RedisWithClock, clock: Clock, a_company: MakeCompany
) -> None:
    company = a_company()
    with Server().running() as server:
        for feed in (EXTRACT, SYNC):
            server.on(f"/restapi/v1.0/account/~/{feed}", fails(403, "CMN-408"))
        server.on(LIST_PATH, says({"records": []}))
        settings = Settings(redis_url="", accounts=(an_account(server.url),), reconcile_seconds=86_400.0)
        legwork = Legwork(settings, redis, clock)
        company.heard_by(legwork, "acme")
        take = company.call()
        legwork.pass_time(35)
        server.on(LIST_PATH, fails(404, "CMN-102"), says({"records": company.records(take)}))

        legwork.pass_time(15)
        legwork.close()

    assert is_right(redis, take)


def test_a_record_that_is_rewritten_makes_a_revision_that_names_what_changed(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call()
    legwork.pass_time(60)
    (record,) = company.records(take)
    company.put({**record, "result": "Missed", "durationMs": 0, "duration": 0})

    legwork.pass_time(100)

    first, second = events_of(legwork.redis, take)[1:]
    assert (first.id, second.id) == (f"{first.subject}/1", f"{first.subject}/2")
    assert (first.data.result, second.data.result) == ("Accepted", "Missed")
    assert {"result", "durationSeconds"} <= set(second.data.changed)
    assert "startTime" not in second.data.changed


@pytest.mark.parametrize("refused", [(), (EXTRACT,), LIST_ONLY], ids=["extract", "sync", "list"])
def test_a_recording_that_comes_late_is_a_revision(opened: Opened, refused: tuple[str, ...]) -> None:
    legwork, company = opened()
    company.without(*refused)
    legwork.pass_time(30)
    take = company.call(recording=200.0)

    legwork.pass_time(30 + 320)

    ended, first, second = events_of(legwork.redis, take)
    assert (ended.type, first.type, second.type) == (ENDED, OUTCOME, OUTCOME)
    assert not first.data.recordings
    assert second.data.recordings
    assert "recordings" in second.data.changed
    assert first.data.outcome == second.data.outcome == take.session.truth.outcome


def test_a_record_that_is_written_again_without_news_is_no_revision(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call()
    legwork.pass_time(60)
    company.show(take)

    legwork.pass_time(1000)

    assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]


def disordered(kind: str, bodies: list[bytes]) -> list[bytes]:
    """Put notifications into another order, lose some, or repeat some."""
    chance = seeded(kind)
    return {
        "reversed": bodies[::-1],
        "shuffled": chance.sample(bodies, len(bodies)),
        "shuffled otherwise": chance.sample(bodies, len(bodies)),
        "doubled": [*bodies, *bodies[::-1]],
        "begun late": bodies[3:],
        "with gaps": [body for number, body in enumerate(bodies) if number % 3 != 1 or number > len(bodies) - 3],
    }[kind]


@pytest.mark.parametrize("kind", ["reversed", "shuffled", "shuffled otherwise", "doubled", "begun late", "with gaps"])
@pytest.mark.parametrize("scenario", ["inbound_ivr_answered", "queue_answered", "ringout_answered"])
def test_notifications_in_disorder_and_with_gaps_give_the_same_outcome_once(
    opened: Opened, scenario: str, kind: str
) -> None:
    legwork, company = opened()
    take = company.call(scenario, heard=False, lag=20)
    legwork.pass_time(30)
    company.hear(disordered(kind, company.bodies(take)))

    legwork.pass_time(120)

    assert is_right(legwork.redis, take)
    assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]


def test_a_record_that_names_no_session_joins_its_call_whenever_it_comes(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call(begins=10, listed=False)
    company.clock.at(take.begins_at + 20, lambda: company.show_nameless(take))  # while it is on
    for begins in (0, 5):
        company.call(begins=begins)
    legwork.pass_time(200)
    company.clock.at(company.clock() + 800, lambda: company.show_nameless(take, recorded=True))  # when it is resolved

    legwork.pass_time(2000)

    assert is_right(legwork.redis, take)
    assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1, 2]
    assert take.ids.session_id not in {event.subject for event in events(legwork.redis)}


def test_a_record_that_names_no_session_joins_its_call_though_that_is_heard_of_only_later(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call(heard=False, listed=False)
    company.clock.at(take.record_at, lambda: company.show_nameless(take))
    company.clock.at(take.record_at + 15, lambda: company.tell(take))

    legwork.pass_time(1000)

    assert is_right(legwork.redis, take)
    assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]
    assert {event.subject for event in events(legwork.redis)} == {take.ids.telephony_session_id}


def test_a_record_that_names_no_session_and_of_which_nobody_told_is_a_call_of_its_own(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call(heard=False, listed=False)
    company.clock.at(take.record_at, lambda: company.show_nameless(take))

    legwork.pass_time(500)

    assert [event.subject for event in events(legwork.redis)] == [take.ids.session_id]
