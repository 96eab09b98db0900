"""The change feeds over HTTP: followed, refused, forgotten, overflowing, broken, and blind for some calls."""

from functools import partial

import msgspec
import pytest

from runtime import asking, keys
from runtime.asking import REFUSED_SECONDS
from runtime.ledger import State
from runtime.settings import Scope, Settings
from scripts.simulator import OWNER_ID
from scripts.simulator.take import Take
from telephony.events import Trigger
from telephony.fetch_plan import PAGE, PATIENCE_SECONDS, STRAGGLER_SECONDS, Lane
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import EXTRACT, LIST, SYNC, Company
from tests.asking.conftest import Opened, an_account
from tests.asking.legwork import Legwork, events_of, is_right, published_at, state_of
from tests.ringcentral.server import TOKEN_PATH, Reply, Server, a_token, fails, html, says
from workers.ringcentral import feeds

HOUR = 3600.0
QUIET = {"reread_seconds": (), "reconcile_seconds": 86_400.0}
"""Settings with which nothing is asked but about calls that are due."""

BEYOND_A_SYNC = 260
BEYOND_A_PAGE = 1050


def test_one_poll_answers_every_call_that_changed_however_long_it_lasted(opened: Opened) -> None:
    legwork, company = opened(**QUIET)
    takes = [company.call(begins=1000 - length, length=length) for length in (5, 60, 300, 900)]

    legwork.pass_time(1100)

    assert is_right(legwork.redis, *takes)
    assert [(one.endpoint, one.kind) for one in company.asked()] == [(EXTRACT, "FSync"), (EXTRACT, "ISync")]


@pytest.mark.parametrize("lane", [EXTRACT, SYNC])
def test_the_legs_are_asked_for_with_every_poll(opened: Opened, lane: str) -> None:
    legwork, company = opened(**QUIET)
    company.without(*({EXTRACT} - {lane}))
    legwork.pass_time(10)
    take = company.call("ringout_callee_busy")

    legwork.pass_time(60)

    outcome = events_of(legwork.redis, take)[-1].data
    assert (outcome.caller_status, outcome.callee_status) == ("Call connected", "Busy")
    assert ("ISync", 200) in [(one.kind, one.status) for one in company.asked(lane)]


def test_newer_records_are_followed_to_the_end_of_the_feed(opened: Opened) -> None:
    legwork, company = opened(**QUIET)
    take = company.call(begins=10)
    company.clock.at(company.clock() + 30, lambda: company.crowd(BEYOND_A_PAGE, seconds=20))

    legwork.pass_time(60)

    assert is_right(legwork.redis, take)
    assert [one.kind for one in company.asked(EXTRACT)] == ["FSync", "ISync", "ISync"]


@pytest.mark.parametrize(("refused", "longest"), [((), 60), ((LIST,), 500)], ids=["as usual", "where it is refused"])
def test_while_a_feed_has_a_long_rest_to_show_calls_that_just_ended_are_asked_about_in_turn_with_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...], longest: float
) -> None:
    monkeypatch.setitem(feeds.MOST, Lane.EXTRACT, 10)
    legwork, company = opened(reread_seconds=())
    company.without(*refused)
    legwork.pass_time(60)
    untold = [company.call(begins=60.0 * number, heard=False) for number in range(600)]
    legwork.be_away(10 * HOUR)
    live = [company.call(begins=10.0 * number, length=20) for number in range(60)]

    legwork.pass_time(900)

    assert max(published_at(legwork.redis, take) - take.ends_at for take in live) < longest
    assert is_right(legwork.redis, *untold)


def test_a_feed_that_is_refused_gives_way_to_the_next_one_and_the_last_to_the_list(opened: Opened) -> None:
    legwork, company = opened()
    company.without(EXTRACT, SYNC)
    take = company.call(begins=30)

    legwork.pass_time(100)

    assert [(one.endpoint, one.status) for one in company.asked()][:3] == [(EXTRACT, 403), (SYNC, 403), (LIST, 200)]
    assert is_right(legwork.redis, take)


def test_a_refusal_is_remembered_for_an_hour(opened: Opened) -> None:
    legwork, company = opened()
    company.without(EXTRACT)

    legwork.pass_time(REFUSED_SECONDS - 100)
    assert len(company.asked(EXTRACT)) == 1

    legwork.pass_time(500)
    assert [one.status for one in company.asked(EXTRACT)] == [403, 403]
    assert [one.kind for one in company.asked(SYNC)].count("FSync") == 1


def test_a_feed_that_may_be_read_again_is(opened: Opened) -> None:
    legwork, company = opened()
    company.without(EXTRACT)
    legwork.pass_time(60)
    company.fault("forbid", endpoint=EXTRACT, on=False)

    legwork.pass_time(REFUSED_SECONDS)
    take = company.call()
    legwork.pass_time(60)

    assert is_right(legwork.redis, take)
    assert company.asked()[-1].endpoint == EXTRACT


@pytest.mark.parametrize("lane", [EXTRACT, SYNC])
def test_a_token_that_has_expired_begins_the_feed_anew_and_nothing_is_lost(opened: Opened, lane: str) -> None:
    legwork, company = opened()
    company.without(*({EXTRACT} - {lane}))
    legwork.pass_time(600)
    told, untold = company.call(), company.call(heard=False)
    company.clock.at(company.clock() + 39, lambda: company.fault("expire_sync_tokens"))

    legwork.pass_time(200)

    assert ("ISync", 400) in [(one.kind, one.status) for one in company.asked(lane)]
    assert is_right(legwork.redis, told)
    assert is_right(legwork.redis, untold)


def test_a_token_that_is_not_one_begins_the_feed_anew(opened: Opened) -> None:
    legwork, company = opened(**QUIET)
    legwork.pass_time(10)
    position = msgspec.structs.replace(asking.load(legwork.redis, "acme"), token="made-up")
    legwork.redis.set(keys.asking("acme"), asking.write("acme", position, settle=10)[0][-1])
    take = company.call()

    legwork.pass_time(60)

    assert is_right(legwork.redis, take)
    assert [(one.kind, one.status) for one in company.asked()] == [("FSync", 200), ("ISync", 400), ("FSync", 200)]


def test_a_stale_token_is_forgotten_even_if_there_is_no_budget_to_begin_anew(opened: Opened) -> None:
    legwork, company = opened(**QUIET)
    legwork.pass_time(10)
    company.fault("expire_sync_tokens")
    take = company.call()
    legwork.pass_time(39)
    legwork.spend("acme", leaving=1)

    legwork.pass_time(60)

    assert is_right(legwork.redis, take)
    assert [one.status for one in company.asked()].count(400) == 1


class TestTheSmallerFeed:
    """`call-log-sync` shows 250 records at most, and begins with the newest calls."""

    def overflow(self, company: Company) -> None:
        """Have more change at once than the feed carries, all of it begun just now."""
        company.crowd(BEYOND_A_SYNC, begins=-60, seconds=60)

    def test_what_does_not_fit_into_the_feed_is_found_in_the_list(self, opened: Opened) -> None:
        legwork, company = opened()
        company.without(EXTRACT)
        legwork.pass_time(600)
        told, untold = company.call(length=300), company.call(length=300, heard=False)
        company.clock.at(company.clock() + 309, lambda: self.overflow(company))

        legwork.pass_time(700)

        assert ("ISync", 400) in [(one.kind, one.status) for one in company.asked(SYNC)]
        assert is_right(legwork.redis, told)
        assert is_right(legwork.redis, untold)

    def test_a_call_that_began_before_the_feed_did_is_asked_about_as_soon_as_any_other(self, opened: Opened) -> None:
        legwork, company = opened(**QUIET)
        company.without(EXTRACT)
        long = company.call(length=HOUR)
        legwork.pass_time(HOUR - 60)
        company.fault("expire_sync_tokens")
        company.clock.at(company.clock() + 10, lambda: self.overflow(company))

        legwork.pass_time(60 + 35)

        assert is_right(legwork.redis, long)

    def test_a_late_recording_of_a_call_the_feed_does_not_show_is_found(self, opened: Opened) -> None:
        legwork, company = opened()
        company.without(EXTRACT)
        legwork.pass_time(100)
        take = company.call(recording=200.0)
        legwork.pass_time(60)
        company.fault("expire_sync_tokens")
        self.overflow(company)

        legwork.pass_time(900)

        assert events_of(legwork.redis, take)[-1].data.recordings

    def test_a_gap_is_compared_to_its_end_and_then_the_feed_alone_again(self, opened: Opened) -> None:
        legwork, company = opened()
        company.without(EXTRACT)
        legwork.pass_time(600)
        self.overflow(company)
        legwork.pass_time(1800)

        before = len(company.asked(LIST))
        legwork.pass_time(1800)

        assert 0 < before < 10
        assert len(company.asked(LIST)) == before
        assert asking.load(legwork.redis, "acme").compared_to == pytest.approx(company.clock(), abs=310)

    def test_a_gap_grows_no_longer_when_the_feed_begins_anew(self, opened: Opened) -> None:
        legwork, company = opened()
        company.without(EXTRACT)
        legwork.pass_time(600)
        company.crowd(4 * PAGE, begins=-1800, seconds=1800)  # which takes many windows
        legwork.pass_time(320)
        before = asking.load(legwork.redis, "acme")
        assert before.has_gap
        company.fault("expire_sync_tokens")
        self.overflow(company)

        legwork.pass_time(30)

        after = asking.load(legwork.redis, "acme")
        assert (before.compared_to or 0) <= (after.compared_to or 0)
        assert before.token_from != after.token_from


class TestTheUserAlone:
    """With the scope `extension`, the user's own call log is asked, which has no extract feed."""

    def of_the_user(self, company: Company, take: Take) -> None:
        for record in company.records(take):
            company.put({**record, "extension": {"id": int(OWNER_ID)}})

    def test_the_users_own_feed_is_asked(self, opened: Opened) -> None:
        legwork, company = opened(scope=Scope.EXTENSION)
        take = company.call(listed=False)
        company.clock.at(company.clock() + 35, lambda: self.of_the_user(company, take))

        legwork.pass_time(60)

        assert is_right(legwork.redis, take)
        assert {one.path for one in company.asked()} == {"/restapi/v1.0/account/~/extension/~/call-log-sync"}

    def test_without_it_the_users_own_list_is(self, opened: Opened) -> None:
        legwork, company = opened(scope=Scope.EXTENSION)
        company.without(SYNC)
        take = company.call(listed=False)
        company.clock.at(company.clock() + 35, lambda: self.of_the_user(company, take))

        legwork.pass_time(60)

        assert is_right(legwork.redis, take)
        assert {one.path.partition("/~/")[2] for one in company.asked(LIST)} == {"extension/~/call-log"}


class TestWhatTheFeedShowsAndWhen:
    """Whatever a feed shows first or never, the outcome is right in the end, and told once."""

    def test_a_record_that_comes_before_the_notifications_of_the_end(self, opened: Opened) -> None:
        legwork, company = opened()
        take = company.call(heard=False)
        legwork.pass_time(50)
        company.call()
        legwork.pass_time(10)
        company.tell(take)

        legwork.pass_time(60)

        assert is_right(legwork.redis, take)
        assert [event.data.trigger for event in events_of(legwork.redis, take)] == [Trigger.WEBHOOK, Trigger.WEBHOOK]

    def test_one_of_two_records_first(self, opened: Opened) -> None:
        legwork, company = opened()
        take = company.call("blind_transfer", listed=False)
        first, second = company.records(take)
        company.clock.at(company.clock() + 38, lambda: company.put(first))
        company.clock.at(company.clock() + 70, lambda: company.put(second))

        legwork.pass_time(300)

        assert is_right(legwork.redis, take)
        assert set(events_of(legwork.redis, take)[-1].data.record_ids) == {first["id"], second["id"]}

    @pytest.mark.parametrize("scenario", ["queue_answered", "inbound_direct_answered", "ringout_answered"])
    def test_a_record_of_a_call_that_is_still_on(self, opened: Opened, scenario: str) -> None:
        legwork, company = opened()
        take = company.call(scenario, length=100, mid_call=True, lag=20)
        neighbours = [company.call(begins=begins, length=20) for begins in (30, 45, 60)]

        legwork.pass_time(250)

        assert is_right(legwork.redis, take)
        assert [event.data.revision for event in events_of(legwork.redis, take)] == [0, 1]
        assert is_right(legwork.redis, *neighbours)

    def test_a_straggler_is_looked_up_when_there_is_a_request_to_spare(self, opened: Opened) -> None:
        legwork, company = opened(**QUIET)
        take = company.call(lag=STRAGGLER_SECONDS + 20)

        legwork.pass_time(200)

        assert is_right(legwork.redis, take)
        assert {one.kind for one in company.asked(LIST)} == {"look-up"}

    def test_what_a_feed_never_shows_is_found_by_look_up(self, opened: Opened) -> None:
        legwork, company = opened(**QUIET)
        take = company.call()
        company.clock.at(take.record_at, partial(company.hide_from_feeds, take))

        legwork.pass_time(120)

        assert is_right(legwork.redis, take)
        assert [one.kind for one in company.asked(LIST)] == ["look-up"]

    def test_many_calls_a_feed_never_shows_are_found_together(self, opened: Opened) -> None:
        legwork, company = opened(**QUIET)
        takes = [company.call(begins=number / 4) for number in range(20)]
        for take in takes:
            company.clock.at(take.record_at, partial(company.hide_from_feeds, take))

        legwork.pass_time(PATIENCE_SECONDS + 120)

        assert is_right(legwork.redis, *takes)
        assert len(company.asked(LIST)) < len(takes) / 3

    def test_even_a_busy_account_looks_up_what_the_feed_never_shows(self, opened: Opened) -> None:
        legwork, company = opened(record_deadline_seconds=700.0)
        hidden = company.call()
        company.clock.at(hidden.record_at, partial(company.hide_from_feeds, hidden))
        busy = [company.call(begins=begins, lag=20) for begins in range(0, 700, 4)]

        legwork.pass_time(PATIENCE_SECONDS + 350)

        assert state_of(legwork.redis, hidden) is State.RESOLVED
        assert len(company.asked(LIST)) <= 3
        assert is_right(legwork.redis, *[take for take in busy if take.record_at < company.clock() - 30])


class TestALaneThatIsIll:
    """One endpoint that does not work does not keep the others from working."""

    def test_a_feed_that_only_fails_gives_way_to_the_next_lane(self, opened: Opened) -> None:
        legwork, company = opened()
        company.fault("break", endpoint=EXTRACT)
        take = company.call()

        legwork.pass_time(100)

        assert [one.status for one in company.asked(EXTRACT)] == [500, 500, 500]
        assert is_right(legwork.redis, take)

    def test_it_is_tried_again_before_an_hour_has_passed(self, opened: Opened) -> None:
        legwork, company = opened()
        company.fault("break", endpoint=EXTRACT)
        legwork.pass_time(100)
        company.fault("clear")

        legwork.pass_time(1200)

        assert company.asked()[-1].endpoint == EXTRACT

    def test_a_feed_that_is_not_offered_gives_way_to_the_next_lane(self, redis: RedisWithClock, clock: Clock) -> None:
        page = {"records": [], "syncInfo": {"syncType": "FSync", "syncToken": "t"}}
        with Server().running() as server:
            server.on(f"/restapi/v1.0/account/~/{EXTRACT}", fails(404, "AGW-404"))
            server.on(f"/restapi/v1.0/account/~/{SYNC}", says(page))
            legwork = Legwork(Settings(redis_url="", accounts=(an_account(server.url),)), redis, clock)

            legwork.pass_time(100)
            legwork.close()

        assert asking.load(redis, "acme").token_lane is Lane.SYNC

    @pytest.mark.parametrize(
        "nobody", [html(404), html(501), says({"records": []})], ids=["a 404", "a 501", "the list itself"]
    )
    def test_where_nobody_knows_of_feeds_the_list_is_asked_within_seconds(
        self, redis: RedisWithClock, clock: Clock, nobody: Reply
    ) -> None:
        """And not only after six requests, between which an account rests ever longer."""
        with Server().running() as server:
            for lane, reply in ((EXTRACT, nobody), (SYNC, nobody), (LIST, says({"records": []}))):
                server.on(f"/restapi/v1.0/account/~/{lane}", reply)
            legwork = Legwork(Settings(redis_url="", accounts=(an_account(server.url),)), redis, clock)

            legwork.pass_time(25)
            legwork.close()
            asked = [one.path.rpartition("/")[2] for one in server.seen if "call-log" in one.path]

        assert asked[:3] == [EXTRACT, SYNC, LIST]

    @pytest.mark.parametrize("refusal", [html(404), fails(503, "CMN-201")], ids=["a 404", "a 503"])
    def test_it_is_not_the_feed_that_is_ill_where_no_access_token_is_given(
        self, redis: RedisWithClock, clock: Clock, refusal: Reply
    ) -> None:
        page = says({"records": [], "syncInfo": {"syncToken": "the-next"}})
        with Server().running() as server:
            server.on(TOKEN_PATH, *[refusal] * 3, a_token())
            for lane in (EXTRACT, SYNC):
                server.on(f"/restapi/v1.0/account/~/{lane}", page)
            legwork = Legwork(Settings(redis_url="", accounts=(an_account(server.url),)), redis, clock)

            legwork.pass_time(90)
            legwork.close()
            asked = [one.path.rpartition("/")[2] for one in server.seen if "call-log" in one.path]

        assert set(asked) == {EXTRACT}

    def test_a_feed_that_says_for_ever_that_there_is_more_gives_way_to_the_next_one(
        self, redis: RedisWithClock, clock: Clock
    ) -> None:
        token = {"syncToken": "the-same"}
        with Server().running() as server:
            extract, sync = (f"/restapi/v1.0/account/~/{lane}" for lane in (EXTRACT, SYNC))
            server.on(extract, says({"records": [], "syncInfo": {**token, "newerRecordsExist": True}}))
            server.on(sync, says({"records": [], "syncInfo": token}))
            legwork = Legwork(Settings(redis_url="", accounts=(an_account(server.url),)), redis, clock)

            legwork.pass_time(100)
            legwork.close()

            assert len(server.asked(extract)) <= 2 * asking.FAILURES
        position = asking.load(redis, "acme")
        assert position.token_lane is Lane.SYNC
        assert position.compared_to is not None

    def test_a_feed_that_goes_on_from_none_of_its_tokens_gives_way_to_the_next_one(
        self, redis: RedisWithClock, clock: Clock
    ) -> None:
        first = says({"records": [], "syncInfo": {"syncToken": "t", "newerRecordsExist": True}})
        with Server().running() as server:
            extract, sync = (f"/restapi/v1.0/account/~/{lane}" for lane in (EXTRACT, SYNC))
            server.on(extract, *[first, fails(400, "CMN-101")] * 20)
            server.on(sync, says({"records": [], "syncInfo": {"syncToken": "t"}}))
            legwork = Legwork(Settings(redis_url="", accounts=(an_account(server.url),)), redis, clock)

            legwork.pass_time(200)
            legwork.close()

            assert len(server.asked(extract)) <= 3 * asking.FAILURES
        assert asking.load(redis, "acme").token_lane is Lane.SYNC
