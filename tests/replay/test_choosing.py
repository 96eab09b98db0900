"""Choosing the calls of a replay: what is named must all be true of a call."""

from typing import Any

import msgspec
import pytest

from runtime.deliveries import destinations
from runtime.replays import Level
from telephony.destinations import Draft
from telephony.events import Trigger
from telephony.words import Outcome
from tests.builders.attempts import a_dead_letter, bury
from tests.builders.calls import ivr_call
from tests.builders.kept_calls import a_session_of, an_outcome_of, publish, see
from tests.replay.replaying import ReplayOffice
from tests.workers.office import ACCOUNT
from tests.workers.test_resolve import the_record
from workers.replaying import replay_choice

LATER = 4_000_000_000.0


def test_calls_are_chosen_by_number_in_any_spelling(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    number = replaying.office.outcomes(call)[0].data.to.phone_number or ""

    spelled = replaying.run(Level.REFETCH, dry_run=True, number=f"({number[2:5]}) {number[5:8]}-{number[8:]}")
    nobody = replaying.run(Level.REFETCH, dry_run=True, number="+1 212 555 0188")

    assert (spelled.progress.total, nobody.progress.total) == (1, 0)


def test_calls_are_chosen_by_outcome_and_time_and_being_unresolved(replaying: ReplayOffice) -> None:
    replaying.resolved()
    later = replaying.office.now + 60
    given_up = ivr_call().ending_at(replaying.office.now + 60)
    replaying.office.let_pass(60)
    replaying.office.ended(given_up)
    replaying.office.let_pass(replaying.office.settings.record_deadline_seconds)
    replaying.office.resolve()

    totals = [
        replaying.run(Level.REFETCH, dry_run=True, **chosen).progress.total
        for chosen in ({"outcomes": (Outcome.ANSWERED,)}, {"unresolved": True}, {"until": later - 3600}, {"since": 0.0})
    ]

    assert totals == [1, 1, 0, 2]


def test_a_call_whose_record_never_became_final_is_chosen_as_unresolved_too(replaying: ReplayOffice) -> None:
    call = ivr_call().ending_at(replaying.office.now)
    replaying.office.ended(call)
    replaying.office.show(msgspec.structs.replace(the_record(call), duration=None))
    replaying.office.let_pass(replaying.office.settings.record_deadline_seconds)
    replaying.office.resolve()

    chosen = replaying.run(Level.REFETCH, dry_run=True, unresolved=True)

    assert replaying.office.outcomes(call)[-1].data.outcome is Outcome.ANSWERED
    assert chosen.progress.total == 1


def test_a_call_of_which_only_the_id_is_known_is_looked_up(replaying: ReplayOffice) -> None:
    call = ivr_call().ending_at(replaying.office.now - 30 * 86400)
    replaying.office.show(the_record(call))

    done = replaying.run(Level.REFETCH, calls=(call.telephony_session_id, "s-unheard-of"))

    assert (done.progress.total, done.changed, done.missing) == (2, 1, 1)
    assert [event.data.trigger for event in replaying.office.outcomes(call)] == [Trigger.REPLAY]


def test_a_call_that_is_named_is_told_of_as_missing_where_there_is_nothing_to_send_again(
    replaying: ReplayOffice,
) -> None:
    done = replaying.run(Level.DELIVER, calls=("s-unheard-of",))

    assert (done.progress.total, done.missing) == (1, 1)


def total(replaying: ReplayOffice, **chosen: Any) -> int | None:
    return replaying.run(Level.DELIVER, dry_run=True, **chosen).progress.total


@pytest.mark.parametrize(
    "untrue",
    [
        {"outcomes": (Outcome.BUSY,)},
        {"unresolved": True},
        {"number": "+12125550188"},
        {"extension": "999"},
        {"since": LATER},
        {"until": 1.0},
        {"failed": True},
        {"destination": "dst_unheard_of"},
    ],
    ids=lambda untrue: next(iter(untrue)),
)
def test_a_call_that_is_named_must_be_all_else_that_is_asked_for(
    replaying: ReplayOffice, untrue: dict[str, Any]
) -> None:
    named = (replaying.resolved().telephony_session_id,)
    publish(replaying.redis, an_outcome_of(1))  # which is all of that as well

    true = total(replaying, calls=named, outcomes=(Outcome.ANSWERED,), since=0.0, until=LATER)

    assert (true, total(replaying, calls=named, **untrue)) == (1, 0)


def test_what_a_destination_never_took_is_chosen_by_time_and_outcome_and_id_too(replaying: ReplayOffice) -> None:
    destination, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/hook"), keys=())
    call, taken = replaying.resolved(), replaying.resolved(1)
    letter = a_dead_letter(f"{call.telephony_session_id}/1", "1-1", account=ACCOUNT)
    bury(replaying.redis, destination.id, letter)

    totals = [
        total(replaying, failed=True, **chosen)
        for chosen in (
            {},
            {"since": 0.0, "until": LATER, "outcomes": (Outcome.ANSWERED,)},
            {"destination": destination.id, "calls": (call.telephony_session_id, taken.telephony_session_id)},
            {"since": LATER},
            {"until": 1.0},
            {"outcomes": (Outcome.BUSY,)},
            {"calls": (taken.telephony_session_id,)},
        )
    ]

    assert totals == [1, 1, 1, 0, 0, 0, 0]


def test_however_many_calls_match_all_of_them_are_chosen(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_choice, "PAGE", 2)
    publish(replaying.redis, *(an_outcome_of(number) for number in range(5)))

    assert total(replaying, since=0.0) == 5


def test_a_call_of_which_nothing_was_told_is_looked_up_but_cannot_be_sent_again_nor_chosen_by_its_end(
    replaying: ReplayOffice,
) -> None:
    see(replaying.redis, a_session_of(1))

    how: tuple[dict[str, Any], ...] = ({}, {"outcomes": (Outcome.ANSWERED,)}, {"unresolved": True})
    chosen = [replaying.run(Level.REFETCH, dry_run=True, since=0.0, **named).progress.total for named in how]

    assert chosen == [1, 0, 0]
    assert total(replaying, since=0.0) == 0


@pytest.mark.parametrize(
    ("named", "count"), [({"number": "2125550111"}, 1), ({"number": "2125550188"}, 0), ({"extension": "999"}, 0)]
)
def test_a_call_of_which_nothing_was_told_is_chosen_by_who_took_part(
    replaying: ReplayOffice, named: dict[str, Any], count: int
) -> None:
    see(replaying.redis, a_session_of(1))

    assert replaying.run(Level.REFETCH, dry_run=True, **named).progress.total == count


def test_many_calls_of_which_nothing_was_told_cost_few_requests(replaying: ReplayOffice) -> None:
    for number in range(5):
        replaying.office.hear(*ivr_call().ending_at(replaying.office.now - number).bodies)
    replaying.office.track()

    done = replaying.run(Level.REFETCH, dry_run=True, since=0.0)

    assert (done.progress.total, done.missing) == (5, 5)
    assert done.progress.requests <= 2


def test_for_a_destination_only_what_it_wants_and_never_took_itself_is_chosen(replaying: ReplayOffice) -> None:
    drafts = (
        Draft(url="https://crm.example/hook"),
        Draft(url="https://crm.example/missed", outcomes=(Outcome.MISSED,)),
    )
    every, missed = (destinations.create(replaying.redis, draft, keys=())[0] for draft in drafts)
    publish(replaying.redis, an_outcome_of(1))
    bury(replaying.redis, missed.id, a_dead_letter("s-0001/1", "1-1", account=ACCOUNT))

    assert [total(replaying, since=0.0, destination=one.id) for one in (every, missed)] == [1, 0]
    assert [total(replaying, failed=True), total(replaying, failed=True, destination=every.id)] == [1, 0]
