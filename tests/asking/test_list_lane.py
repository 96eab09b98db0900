"""The list over HTTP, where the feeds are refused: pages, windows, and comparing without gaps."""

import itertools
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from runtime import asking, comparisons, keys, prometheus
from runtime.asking import Asking
from runtime.comparisons import Why
from runtime.leases import Command
from scripts.simulator.take import Take
from telephony.fetch_plan import PAGE, Window
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import EXTRACT, LIST, SYNC, Asked, Company
from tests.asking.conftest import Opened
from tests.asking.legwork import Legwork, events_of, is_right
from workers.resolving import agenda, comparing, reconcile, rereads
from workers.resolving.sweep import Sweep
from workers.ringcentral.call_log import CallLog

HOUR = 3600.0

ListOnly = Callable[..., tuple[Legwork, Company]]


@pytest.fixture
def list_only(opened: Opened) -> ListOnly:
    """Open for business with both feeds refused, which Legwork has noticed."""

    def make(**settings: object) -> tuple[Legwork, Company]:
        legwork, company = opened(**settings)
        company.without(EXTRACT, SYNC)
        legwork.pass_time(60)
        return legwork, company

    return make


def due_at(legwork: Legwork, take: Take) -> float | None:
    return legwork.redis.zscore(keys.due("acme"), take.ids.telephony_session_id)


def apply(redis: RedisWithClock, commands: Iterable[Command]) -> None:
    for command in commands:
        redis.execute_command(*command)


def window(asked: Asked) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(asked.query["dateFrom"]), datetime.fromisoformat(asked.query["dateTo"])


def test_no_record_is_lost_when_new_ones_arrive_between_pages(opened: Opened) -> None:
    legwork, company = opened()
    company.crowd(PAGE + 300, begins=-900, seconds=900)
    begin, end = (datetime.fromtimestamp(company.clock() + seconds, UTC) for seconds in (-900, 0))
    client = legwork.dependencies.ringcentral(legwork.settings.accounts[0])

    pages = CallLog(client).pages(begin, end)
    first = next(pages).records
    company.crowd(40, begins=-100, seconds=90)
    rest = [record for page in pages for record in page.records]

    ids = [record.id for record in (*first, *rest)]
    assert len(ids) == len(set(ids)) == PAGE + 300


def test_a_lone_call_is_looked_up(list_only: ListOnly) -> None:
    legwork, company = list_only()
    take = company.call()

    legwork.pass_time(60)

    assert is_right(legwork.redis, take)
    assert company.asked(LIST)[-1].kind == "look-up"


def test_a_call_is_found_though_its_beginning_was_never_heard_of(list_only: ListOnly) -> None:
    legwork, company = list_only(reconcile_seconds=86_400.0)
    take = company.call(length=HOUR, heard=False)
    legwork.pass_time(HOUR)
    company.hear(company.bodies(take)[-2:])

    legwork.pass_time(60)

    assert is_right(legwork.redis, take)


def test_calls_near_each_other_share_a_window_and_a_long_one_is_looked_up(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=(), reconcile_seconds=86_400.0)
    company.crowd(1800, begins=0, seconds=900)  # a page every eight minutes
    company.call(), company.call()  # whose window tells so
    long = company.call(length=900)
    short = [company.call(begins=870 + begins, length=30 - begins) for begins in range(5)]
    legwork.pass_time(890)
    before = len(company.asked(LIST))

    legwork.pass_time(40)

    assert is_right(legwork.redis, long, *short)
    assert [one.kind for one in company.asked(LIST)[before:]] == ["window", "look-up"]


def test_what_was_read_of_a_window_counts_when_the_rest_cannot_be_read(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=(), reconcile_seconds=86_400.0)
    company.crowd(PAGE + 300, begins=-900, seconds=900)
    early, late = company.call(begins=-890, length=900), company.call(begins=-20, length=30)
    legwork.pass_time(19)
    legwork.spend("acme", leaving=1)

    legwork.pass_time(2)

    assert is_right(legwork.redis, late)
    assert len(events_of(legwork.redis, early)) == 1
    assert due_at(legwork, early) == pytest.approx(company.clock() - 1, abs=0.5)

    legwork.pass_time(60)

    assert is_right(legwork.redis, early)


def test_a_busy_account_answers_everybody_from_the_list_alone(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    company.crowd(16 * 400, begins=-200, seconds=400)  # a page a minute
    takes = [company.call(begins=begins, length=10 + 7 * begins % 150) for begins in range(0, 200, 5)]

    legwork.pass_time(450)

    assert is_right(legwork.redis, *takes)


@pytest.mark.parametrize("every", [4.0, 60.0])
def test_windows_find_every_call_nobody_told_of(list_only: ListOnly, every: float) -> None:
    legwork, company = list_only(reread_seconds=())
    takes = [company.call(begins=every * number, heard=False) for number in range(int(1200 / every))]

    legwork.pass_time(1200 + 700)

    assert is_right(legwork.redis, *takes)
    assert [one.status for one in company.asked(LIST) if one.status == 429] == []


def test_comparing_goes_on_where_it_stopped_and_leaves_no_gap(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    legwork.pass_time(2 * HOUR)

    windows = [window(one) for one in company.asked(LIST) if one.kind == "window"]

    assert len(windows) > 10
    assert all(later[0] < earlier[1] < later[1] for earlier, later in itertools.pairwise(windows))
    assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=310)


def test_a_comparison_that_was_put_off_is_not_taken_as_done(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    compared_to = asking.load(legwork.redis, "acme").compared_to
    assert compared_to is not None
    take = company.call(begins=compared_to + 300 - 40 - company.clock())
    untold = company.call(heard=False)
    legwork.pass_time(compared_to + 299 - company.clock())
    legwork.spend("acme", leaving=1)

    legwork.pass_time(6)

    assert is_right(legwork.redis, take)
    assert asking.load(legwork.redis, "acme").compared_to == compared_to

    legwork.pass_time(120)

    assert is_right(legwork.redis, untold)


def test_a_busy_account_is_compared_though_live_calls_take_every_request(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    busy = [company.call(begins=begins, length=20, lag=25) for begins in range(0, 600, 4)]
    untold = company.call(begins=100, heard=False)

    legwork.pass_time(600)

    assert is_right(legwork.redis, untold)
    assert is_right(legwork.redis, *[take for take in busy if take.record_at < company.clock() - 60])
    assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=400)


def test_what_nobody_has_compared_yet_has_its_turn_though_a_long_comparison_goes_on(
    list_only: ListOnly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "window_length", lambda *_, **__: timedelta(hours=1))
    legwork, company = list_only(reread_seconds=())
    for begins in range(0, 600, 4):
        company.call(begins=begins, length=20, lag=25)
    now = company.clock()
    comparisons.ask(legwork.redis, "acme", Why.NIGHTLY, since=now - 48 * HOUR, until=now)

    legwork.pass_time(600)

    assert agenda.read(legwork.redis, "acme").comparison is not None
    assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=400)


def test_even_a_window_that_takes_more_than_a_page_is_compared_in_the_end(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    company.crowd(10 * 300, begins=0, seconds=300)
    untold = company.call(begins=60, heard=False)

    legwork.pass_time(900)

    assert is_right(legwork.redis, untold)
    assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=400)


def test_even_a_page_of_what_cannot_be_read_does_not_stop_the_comparison(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    company.crowd(PAGE + 100, begins=0, seconds=60)
    entries = company.box.call_log._entries
    entries.update({one: structs.replace(entry, detailed=b'"no record"') for one, entry in entries.items()})

    legwork.pass_time(900)

    assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=400)
    legwork.dependencies.recorder.flush()
    told = prometheus.render(legwork.redis).decode()
    counted = re.search(r'^legwork_malformed_records_total{account="acme"} (\d+)', told, re.MULTILINE)
    assert counted is not None
    assert int(counted[1]) >= PAGE + 100


def test_a_long_outage_is_healed_window_by_window(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    legwork.pass_time(60)
    takes = [company.call(begins=60.0 * number, heard=False) for number in range(120)]
    legwork.be_away(2 * HOUR)

    legwork.pass_time(900)

    assert is_right(legwork.redis, *takes)


def test_a_minute_of_more_than_a_page_is_looked_at_again_part_by_part(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=(60.0,))
    company.crowd(5 * PAGE, begins=0, seconds=120)
    take = company.call(begins=40, length=20, recording=30)

    legwork.pass_time(180)

    assert is_right(legwork.redis, take)
    assert [one.data.revision for one in events_of(legwork.redis, take)] == [0, 1, 2]
    assert legwork.redis.zcard(keys.rereads("acme")) == 0


def test_after_a_busy_time_windows_grow_long_again(list_only: ListOnly) -> None:
    legwork, company = list_only(reread_seconds=())
    company.crowd(3000, begins=0, seconds=300)
    legwork.pass_time(HOUR)
    before = len(company.asked(LIST))

    legwork.pass_time(HOUR)

    assert len(company.asked(LIST)) - before == HOUR / legwork.settings.reconcile_seconds


class TestWhatCountsAsRead:
    """A window that was read in part, or another one, is not taken for the whole."""

    def a_window(self, start: float, first: float, last: float) -> Window:
        return Window(*(datetime.fromtimestamp(start + seconds, UTC) for seconds in (first, last)))

    @pytest.mark.parametrize(
        ("first", "last", "whole"), [(0, 100, True), (-50, 200, True), (-50, 60, False), (10, 100, False)]
    )
    def test_the_comparison_goes_on_when_its_window_was_read_from_end_to_end(
        self, clock: Clock, first: float, last: float, *, whole: bool
    ) -> None:
        asked = self.a_window(clock(), 0, 100)
        found = Sweep(Asking(compared_to=clock()), answered=[self.a_window(clock(), first, last)])

        assert reconcile.after(found, asked).compared_to == clock() + (100 if whole else 0)

    @pytest.mark.parametrize(
        ("first", "last", "left"),
        [
            (0, 60, []),
            (-500, 500, []),
            (-500, 50, [(50, 60)]),
            (10, 500, [(0, 10)]),
            (20, 30, [(0, 20), (30, 60)]),
            (60, 90, [(0, 60)]),
        ],
    )
    def test_of_a_minute_to_look_at_again_remains_what_was_not_read(
        self, redis: RedisWithClock, clock: Clock, first: float, last: float, left: list[tuple[float, float]]
    ) -> None:
        minute = clock() // 60 * 60
        apply(redis, rereads.scheduled("acme", minute, [clock() - 20]))
        found = Sweep(Asking(), answered=[self.a_window(minute, first, last)])

        apply(redis, rereads.done("acme", rereads.due(redis, "acme", clock()), found, clock()))

        assert list(rereads.due(redis, "acme", clock()).values()) == [self.a_window(minute, *one) for one in left]
