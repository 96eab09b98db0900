"""Stretches of the call log that are compared beside the usual pace: whole, and however busy the budget is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from runtime import bells, comparisons, keys
from runtime.asking import Asking
from runtime.bells import Stage
from runtime.budget import Group, Share
from runtime.comparisons import HANDFUL, MOST_NAMED, Comparison, Why
from runtime.ledger import Resolution, State, Tracked
from telephony.fetch_plan import Window
from telephony.narrowing import HOPELESS, SHORTEST, Narrowing
from tests.builders.call_log import START, a_record
from tests.builders.calls import ivr_call
from tests.builders.events import an_outcome
from tests.builders.sessions import folded
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, look, the_record
from workers.housekeeping import watches
from workers.resolving import agenda
from workers.resolving.cases import Case, Judged, News
from workers.resolving.comparing import Comparing
from workers.resolving.sweep import Sweep

HOUR = 3600.0


def spend(office: Office) -> None:
    """Have live calls take what the budget gives, all but one request, which is not enough for the past."""
    budget = office.dependencies.budget(ACCOUNT)
    while budget.left(Group.HEAVY).tokens >= 2.2:
        assert budget.take(Group.HEAVY, Share.LIVE) == 0.0


def done(office: Office, asked: Comparison) -> Comparison | None:
    found = comparisons.get(office.redis, ACCOUNT, asked.id)
    return found if found is not None and found.done_at is not None else None


def test_what_somebody_waits_for_does_not_wait_for_an_idle_budget(an_office: MakeOffice) -> None:
    office = an_office(heavy_limit=10)
    lost = ivr_call().ending_at(office.now - 5 * MINUTE)
    office.show(the_record(lost))
    asked = comparisons.ask(office.redis, ACCOUNT, Why.ASKED, since=office.now - HOUR, until=office.now)
    spend(office)

    office.resolve()

    found = done(office, asked)
    assert found is not None
    assert (found.in_log, found.missing, found.healed, found.calls) == (1, 1, 1, (lost.telephony_session_id,))
    assert found.requests == 1


@pytest.mark.parametrize(
    ("why", "requests", "share"),
    [
        (Why.ASKED, 0, Share.INTERACTIVE),
        (Why.ASKED, HANDFUL, Share.BACKFILL),
        (Why.GAP, 0, Share.BACKFILL),
        (Why.NIGHTLY, 0, Share.BACKFILL),
    ],
)
def test_only_the_first_pages_of_what_was_asked_for_are_somebodys_who_waits(
    office: Office, why: Why, requests: int, share: Share
) -> None:
    one = comparisons.ask(office.redis, ACCOUNT, why, since=office.now - HOUR, until=office.now)

    assert Comparing(ACCOUNT, msgspec.structs.replace(one, requests=requests)).share is share


CALL = folded(*ivr_call().notifications)
RECORD = a_record()
NEWS = News(an_outcome(session=CALL), None, (RECORD,), deliver=True)


@pytest.mark.parametrize(
    ("known", "missing", "healed"),
    [
        ({}, 1, 1),
        ({"news": None}, 1, 0),
        ({"tracked": Tracked(CALL, 1.0)}, 0, 1),
        ({"tracked": Tracked(CALL, 1.0, ended_at=2.0)}, 0, 0),
        ({"tracked": Tracked(CALL, 1.0, ended_at=2.0), "resolution": Resolution(State.UNRESOLVED, 1)}, 0, 1),
        ({"seen": (RECORD,)}, 0, 1),
        ({"resolution": Resolution(State.RESOLVED, 1, record_seen_at=3.0)}, 0, 0),
        ({"records": (a_record(start_time=START - timedelta(seconds=1)),)}, 0, 0),
    ],
    ids=[
        "nobody told",
        "nobody told, and its record is not final",
        "it is on",
        "it waits as all do",
        "it was given up",
        "found just before",
        "resolved",
        "before it",
    ],
)
def test_missing_are_calls_nobody_told_of_and_healed_those_whose_end_was_not_told_or_that_were_given_up(
    known: dict[str, Any], missing: int, healed: int
) -> None:
    began = START.timestamp()
    comparing = Comparing(ACCOUNT, Comparison("cmp_1", Why.ASKED, began, began + HOUR, began, began))
    comparing.window(Asking(), now=began + HOUR)
    told: dict[str, Any] = {
        "tracked": None,
        "records": (RECORD,),
        "seen": (),
        "resolution": Resolution(),
        "news": NEWS,
        **known,
    }
    news = told.pop("news")
    case = Case(telephony_session_id=CALL.id, due=None, session=CALL, asked=False, **told)

    written = comparing.tallied([case], [Judged((), news=news)])

    counted = [msgspec.json.decode(command[-1], type=Comparison) for command in written]
    assert [(one.missing, one.healed) for one in counted] == [(missing, healed)] * bool(missing or healed)


def test_of_the_calls_that_were_missing_only_so_many_are_named_and_all_are_counted() -> None:
    began = START.timestamp()
    comparing = Comparing(ACCOUNT, Comparison("cmp_1", Why.ASKED, began, began + HOUR, began, began))
    comparing.window(Asking(), now=began + HOUR)
    lost = [Case(f"s-{n}", None, None, CALL, (RECORD,), (), Resolution(), asked=False) for n in range(MOST_NAMED + 1)]

    (command,) = comparing.tallied(lost, [Judged(()) for _ in lost])

    counted = msgspec.json.decode(command[-1], type=Comparison)
    assert (counted.missing, len(counted.calls)) == (MOST_NAMED + 1, MOST_NAMED)


@pytest.mark.parametrize("why", [Why.GAP, Why.NIGHTLY])
def test_what_somebody_waits_for_does_not_wait_for_what_nobody_does(office: Office, why: Why) -> None:
    long = comparisons.ask(office.redis, ACCOUNT, why, since=office.now - 144 * HOUR, until=office.now - 24 * HOUR)
    asked = comparisons.ask(office.redis, ACCOUNT, Why.ASKED, since=office.now - HOUR, until=office.now)

    office.resolve()
    assert (done(office, asked) is not None, done(office, long)) == (True, None)

    look(office, times=12)
    assert done(office, long) is not None


def test_one_that_only_a_later_version_can_read_is_left_to_it_and_holds_up_no_other(office: Office) -> None:
    later = comparisons.ask(office.redis, ACCOUNT, Why.GAP, since=office.now - HOUR, until=office.now)
    written = msgspec.json.encode(later).replace(b'"why":"gap"', b'"why":"whim"')
    office.redis.hset(keys.comparisons(ACCOUNT), later.id, written)
    ours = comparisons.ask(office.redis, ACCOUNT, Why.GAP, since=office.now - HOUR, until=office.now)

    look(office, times=3)

    assert done(office, ours) is not None
    assert office.redis.hget(keys.comparisons(ACCOUNT), later.id) == written


@pytest.mark.parametrize("change", [{"requests": HANDFUL}, {"narrowing": Narrowing(60.0)}])
def test_after_its_first_pages_or_where_ringcentral_has_no_answer_it_waits_for_gaps(
    office: Office, change: dict[str, Any]
) -> None:
    asked = comparisons.ask(office.redis, ACCOUNT, Why.ASKED, since=office.now - HOUR, until=office.now)
    gap = comparisons.ask(office.redis, ACCOUNT, Why.GAP, since=office.now - HOUR, until=office.now)

    texts = [msgspec.json.encode(one) for one in (msgspec.structs.replace(asked, **change), gap)]

    assert comparisons.pending(texts, now=office.now) == gap


@pytest.mark.parametrize("back", [HOUR / 2, 3 * HOUR], ids=["into it", "before it"])
def test_one_that_reaches_into_the_future_since_the_clock_was_put_back_ends_with_what_there_is(
    office: Office, back: float
) -> None:
    asked = comparisons.ask(office.redis, ACCOUNT, Why.GAP, since=office.now - HOUR, until=office.now)
    office.let_pass(-back)

    look(office, times=3)

    assert done(office, asked) is not None


STEP = SHORTEST.total_seconds()
BEHIND = Narrowing(STEP, HOPELESS, since=1.0)
T = START.timestamp()


@pytest.mark.parametrize(
    ("asking", "is_read", "stretches"),
    [
        (Asking(compared_to=T, narrowing=BEHIND), True, [(T, T + STEP)]),
        (Asking(compared_from=T + 4, narrowing=BEHIND), True, [(T + 4, T + STEP)]),
        (Asking(compared_to=T - HOUR, narrowing=BEHIND), True, [(T, T + STEP)]),
        (Asking(compared_to=T, narrowing=BEHIND), False, []),
        (Asking(compared_to=T + STEP), True, []),
    ],
    ids=[
        "passed over",
        "before the first comparison",
        "what the retention has passed is over",
        "unanswered",
        "as usual",
    ],
)
def test_what_the_usual_comparison_passed_over_is_compared_as_soon_as_what_follows_was_read(
    asking: Asking, stretches: list[tuple[float, float]], *, is_read: bool
) -> None:
    follows = Window(START + SHORTEST, START + 2 * SHORTEST)
    found = Sweep(asking, answered=[follows] if is_read else [])

    written = Comparing(ACCOUNT, None).moved(found, follows, None, T + HOUR)

    asked = [msgspec.json.decode(command[-1], type=Comparison) for command in written]
    assert [(one.since, one.until, one.position, one.why) for one in asked] == [
        (since, until, since, Why.GAP) for since, until in stretches
    ]


@pytest.mark.parametrize(("until", "now"), [(T + 30, T + HOUR), (T + HOUR, T + 30)])
def test_a_window_ends_where_the_comparison_does_and_not_in_the_future(until: float, now: float) -> None:
    window = Comparing(ACCOUNT, Comparison("cmp_1", Why.ASKED, T, until, T, T)).window(Asking(), now=now)

    assert window == Window(START, START + timedelta(seconds=30))


def test_a_window_without_an_answer_is_followed_by_a_shorter_one_at_its_place_and_another_s_changes_nothing() -> None:
    comparing = Comparing(ACCOUNT, Comparison("cmp_1", Why.ASKED, T, T + HOUR, T, T))
    window = comparing.window(Asking(), now=T + HOUR)
    assert window is not None
    another = Window(window.date_from, window.date_to + SHORTEST)

    [write] = comparing.moved(Sweep(Asking(), past_unanswered=[window]), None, None, T + HOUR)

    after = msgspec.json.decode(write[-1], type=Comparison)
    assert (after.position, after.narrowing.seconds) == (T, (window.date_to - window.date_from).total_seconds() / 2)
    assert comparing.moved(Sweep(Asking(), past_unanswered=[another]), None, None, T + HOUR) == []


def test_the_nightly_comparison_compares_all_of_the_last_two_days_and_nothing_before(office: Office) -> None:
    while datetime.fromtimestamp(office.now, UTC).hour < watches.NIGHT:
        office.let_pass(HOUR)
    look(office)
    office.redis.zadd(keys.calls(ACCOUNT), {"s-known-before": office.now - 72 * HOUR})
    for hours in (49, 47, 30, 12, 1):
        record = the_record(ivr_call().ending_at(office.now - hours * HOUR), id=f"A{hours}")
        one = {"telephony_session_id": f"s-{hours}", "session_id": f"{hours}"}
        office.show(msgspec.structs.replace(record, **one))

    watches.compare_at_night(office.redis, ACCOUNT, now=office.now)
    asked = agenda.read(office.redis, ACCOUNT).comparison
    assert asked is not None
    for _ in range(20):
        look(office)
        if found := done(office, asked):
            break

    assert found is not None
    assert (asked.why, asked.until - asked.since) == (Why.NIGHTLY, 48 * HOUR)
    assert (found.in_log, found.missing, found.healed) == (4, 4, 4)
    assert len(office.outcomes("s-47")) == 1
    assert office.published("s-49") == []


def test_one_that_is_asked_for_while_a_sweep_ends_is_begun_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(office)
    rest = bells.rest

    def ask_and_rest(*arguments: Any, **words: Any) -> bool:
        comparisons.ask(office.redis, ACCOUNT, Why.ASKED, since=office.now - HOUR, until=office.now)
        return rest(*arguments, **words)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(bells, "rest", ask_and_rest)
        office.resolve()

    bell = office.next_bell(Stage.RESOLVE)
    assert bell is not None
    assert bell <= office.settings.fetch_interval_seconds
