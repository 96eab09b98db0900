"""When the call log is asked, and how often: first looks, re-reads, deadlines, and nothing for nobody."""

import pytest

from runtime import asking, keys
from runtime.ledger import State
from scripts.simulator.chance import seeded
from telephony.looks import LATE_LOOKS, LONGEST_WAIT
from telephony.words import Outcome
from tests.asking.company import EXTRACT, LIST, SYNC, Company
from tests.asking.conftest import Opened
from tests.asking.legwork import Legwork, events_of, is_right, published_at, state_of
from workers.resolving import agenda

DAY = 86_400.0
HOUR = 3600.0
REFUSED = pytest.mark.parametrize("refused", [(), (EXTRACT,), (EXTRACT, SYNC)], ids=["extract", "sync", "list"])


def first_wait(legwork: Legwork) -> float:
    return float(legwork.redis.get(keys.first_wait("acme")) or legwork.settings.settle_seconds)


def answered(company: Company) -> int:
    """Count the requests but for those that were refused, which happens once an hour."""
    return len([one for one in company.asked() if one.status == 200])


class TestTheFirstLook:
    """It comes when the record is likely to be there."""

    def test_it_adapts_to_how_long_records_of_the_account_take(self, opened: Opened) -> None:
        legwork, company = opened(reread_seconds=(), reconcile_seconds=DAY)
        for number in range(10):
            company.call(begins=600 * number, lag=20)
        legwork.pass_time(6000)
        before = len(company.asked())

        take = company.call(lag=20)
        legwork.pass_time(60)

        assert first_wait(legwork) == pytest.approx(20, abs=0.1)
        assert is_right(legwork.redis, take)
        assert len(company.asked()) - before == 1

    def test_all_records_but_the_slowest_are_there(self, opened: Opened) -> None:
        legwork, company = opened(reread_seconds=(), reconcile_seconds=DAY)
        chance = seeded("lags")
        lags = [chance.uniform(15, 30) for _ in range(20)]
        for number, lag in enumerate(lags):
            company.call(begins=60 + 600 * number, lag=lag)

        legwork.pass_time(60 + 600 * 20)

        assert first_wait(legwork) == pytest.approx(max(lags), abs=0.5)

    def test_it_is_never_sooner_than_was_set_nor_later_than_a_minute(self, opened: Opened) -> None:
        legwork, company = opened(settle_seconds=15.0, reread_seconds=(), reconcile_seconds=DAY)
        for number in range(10):
            company.call(begins=600 * number, lag=1)
        legwork.pass_time(6000)
        quick = company.call(lag=1)
        legwork.pass_time(60)

        assert published_at(legwork.redis, quick) - quick.ends_at == pytest.approx(15, abs=0.1)

        for number in range(50):
            company.call(begins=number, lag=200)
        legwork.pass_time(600)

        assert first_wait(legwork) == LONGEST_WAIT

    @pytest.mark.parametrize(
        ("least", "most", "refused"),
        [(8, 12, ()), (8, 12, (EXTRACT,)), (8, 12, (EXTRACT, SYNC)), (20, 20, ()), (15, 30, ())],
    )
    def test_a_lone_call_costs_little_more_than_one_request(
        self, opened: Opened, least: float, most: float, refused: tuple[str, ...]
    ) -> None:
        legwork, company = opened(reread_seconds=(), reconcile_seconds=DAY)
        company.without(*refused)
        legwork.pass_time(60)
        chance = seeded(least, most)
        learning = [company.call(begins=600 * number, lag=chance.uniform(least, most)) for number in range(10)]
        legwork.pass_time(6000)
        before = answered(company)

        takes = [company.call(begins=600 * number, lag=chance.uniform(least, most)) for number in range(20)]
        legwork.pass_time(600 * 20)

        assert is_right(legwork.redis, *learning, *takes)
        assert answered(company) - before <= 1.3 * 20

    @pytest.mark.parametrize(("recorded", "most"), [(0.25, 2.0), (1.0, 3.0)])
    def test_half_of_six_calls_a_minute_are_told_soon_recorded_or_not(
        self, opened: Opened, recorded: float, most: float
    ) -> None:
        legwork, company = opened()
        chance, other, begins = seeded("few"), seeded("recordings"), 0.0
        takes = []
        for _ in range(80):
            begins += chance.expovariate(1 / 10)
            length, lag = chance.uniform(10, 60), chance.uniform(15, 16)
            recording = other.uniform(2, 5) if other.random() < recorded else None
            takes.append(company.call(begins=begins, length=length, lag=lag, recording=recording))

        legwork.pass_time(begins + 120)

        waits = sorted(published_at(legwork.redis, take) - take.record_at for take in takes[20:])
        assert waits[len(waits) // 2] <= most
        assert waits[-1] <= 8.0


class TestLookingAgain:
    """Records are rewritten: a resolved call is looked at again, with others."""

    @REFUSED
    def test_one_request_serves_all_calls_of_a_minute(self, opened: Opened, refused: tuple[str, ...]) -> None:
        legwork, company = opened(reconcile_seconds=DAY)
        company.without(*refused)
        legwork.pass_time(60)
        takes = [company.call(begins=number / 2, length=40 - number / 2) for number in range(20)]
        legwork.pass_time(70)
        assert is_right(legwork.redis, *takes)
        before = len(company.asked(EXTRACT, SYNC, LIST))

        legwork.pass_time(1000)

        assert len(company.asked(EXTRACT, SYNC, LIST)) - before == len(legwork.settings.reread_seconds)

    def test_a_poll_that_passes_anyway_saves_the_request(self, opened: Opened) -> None:
        legwork, company = opened(reconcile_seconds=DAY, reread_seconds=(90.0,))
        company.call()
        legwork.pass_time(60)
        other = company.call(begins=60, length=20)  # due for its first look just after the first call's second
        legwork.pass_time(100)
        before = len(company.asked())
        assert is_right(legwork.redis, other)

        legwork.pass_time(300)

        assert len(company.asked()) - before == 1

    def test_it_lets_a_first_look_go_ahead_that_would_have_to_wait_for_it(self, opened: Opened) -> None:
        legwork, company = opened(reconcile_seconds=DAY, reread_seconds=(90.0,))
        company.call()
        legwork.pass_time(60)
        again_at = agenda.read(legwork.redis, "acme").reread_at
        assert again_at is not None
        settle = legwork.settings.settle_seconds
        other = company.call(begins=again_at + 3 - settle - 20 - legwork.clock(), length=20)
        before = len(company.asked())

        legwork.pass_time(other.ends_at + settle + 1 - legwork.clock())

        assert published_at(legwork.redis, other) - other.ends_at == pytest.approx(settle, abs=0.1)
        assert len(company.asked()) - before == 1
        assert agenda.read(legwork.redis, "acme").reread_at == pytest.approx(other.record_at + 90, abs=16)

    @pytest.mark.parametrize("after", [90.0, 300.0, 900.0])
    def test_what_changed_meanwhile_is_told(self, opened: Opened, after: float) -> None:
        legwork, company = opened(reconcile_seconds=DAY, reread_seconds=(after,))
        take = company.call(recording=50.0)

        legwork.pass_time(30 + after - 2)
        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]

        legwork.pass_time(30)
        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1, 2]

    @REFUSED
    def test_a_record_that_comes_late_is_looked_at_again_as_well(
        self, opened: Opened, refused: tuple[str, ...]
    ) -> None:
        legwork, company = opened()
        company.without(*refused)
        take = company.call(length=2400, lag=880, recording=120)

        legwork.pass_time(2400 + 880 + 900)

        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1, 2]

    @REFUSED
    def test_what_was_written_long_ago_is_not_looked_at_again(self, opened: Opened, refused: tuple[str, ...]) -> None:
        legwork, company = opened(reconcile_seconds=DAY)
        company.without(*refused)
        take = company.call()
        legwork.be_away(DAY / 24)

        legwork.pass_time(60)

        assert is_right(legwork.redis, take)
        assert agenda.read(legwork.redis, "acme").reread_at is None


class TestTheDeadline:
    """A record that does not come is given up, and told of, once; though never quite forgotten."""

    @REFUSED
    def test_a_call_without_a_record_is_unresolved_at_the_deadline_and_not_before(
        self, opened: Opened, refused: tuple[str, ...]
    ) -> None:
        legwork, company = opened()
        company.without(*refused)
        take = company.call(listed=False)

        legwork.pass_time(30 + 899)
        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0]

        legwork.pass_time(62 + 20)
        assert [event.data.outcome for event in events_of(legwork.redis, take)[1:]] == [Outcome.UNRESOLVED]
        assert not events_of(legwork.redis, take)[-1].data.confirmed

    def test_it_is_told_once_and_looked_at_a_few_times_more(self, opened: Opened) -> None:
        legwork, company = opened(reconcile_seconds=30 * DAY, reread_seconds=())
        take = company.call(listed=False)
        legwork.pass_time(1200)
        assert state_of(legwork.redis, take) is State.UNRESOLVED
        before = len(company.asked(LIST))

        legwork.pass_time(3 * DAY)

        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]
        assert len(company.asked(LIST)) - before == len(LATE_LOOKS)

    @REFUSED
    def test_a_record_that_comes_after_all_is_the_next_revision(self, opened: Opened, refused: tuple[str, ...]) -> None:
        legwork, company = opened()
        company.without(*refused)
        take = company.call(lag=1500)

        legwork.pass_time(30 + 1500 + 600)

        assert is_right(legwork.redis, take)
        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1, 2]
        assert {"outcome", "confirmed"} <= set(events_of(legwork.redis, take)[-1].data.changed)


class TestAnIdleAccount:
    """Nobody calls: nothing is asked but whether that is so."""

    @REFUSED
    def test_it_costs_no_request_but_to_compare(self, opened: Opened, refused: tuple[str, ...]) -> None:
        legwork, company = opened()
        company.without(*refused)
        legwork.pass_time(900)
        company.call()
        legwork.pass_time(1500)
        before = answered(company)

        legwork.pass_time(3000)

        assert answered(company) - before == 10
        assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=301)

    def test_without_a_request_no_stage_is_kept_busy(self, opened: Opened) -> None:
        legwork, _ = opened()
        legwork.pass_time(60)
        before = legwork.runs

        legwork.pass_time(HOUR)

        assert legwork.runs - before <= 12
