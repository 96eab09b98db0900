"""RingCentral out of order, and credentials that are not accepted. RELIABILITY rows 54 to 58."""

import gc
import socket

import msgspec
import pytest
from structlog.testing import capture_logs

from runtime import asking, keys, operator_log
from runtime.budget import Group
from runtime.metrics import FAILURES, REQUESTS
from runtime.prometheus import render
from runtime.settings import Credentials, Settings
from scripts.simulator import CLIENT_ID, CLIENT_SECRET
from scripts.simulator.problems import ApiError
from telephony.operator_events import What
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import Company
from tests.asking.conftest import MakeCompany, Opened, an_account
from tests.asking.legwork import Legwork, events_of, is_right
from tests.asking.processes import all_ask, get
from tests.simulator.waiting import wait_until
from workers.housekeeping import alarms
from workers.resolving.sweep import Sweep
from workers.ringcentral.errors import Unavailable

HOUR = 3600.0
DAY = 24 * HOUR


def with_jwt(settings: Settings, jwt: str) -> Settings:
    account = settings.accounts[0]
    account = msgspec.structs.replace(account, credentials=Credentials(CLIENT_ID, CLIENT_SECRET, jwt))
    return msgspec.structs.replace(settings, accounts=(account,))


def alerts(legwork: Legwork, *, there_for: float) -> list[What]:
    """Have upkeep look, which has been there for so long, and say which alerts are on."""
    alarms.of_call_log(legwork.redis, legwork.settings, legwork.settings.accounts[0], there_for=there_for)
    return [one.what for one in operator_log.alerts(legwork.redis)]


def refuse(_: str | None) -> str:
    """Know no access token."""
    raise ApiError("token_unknown")


def grants(company: Company) -> int:
    return len(company.asked("token", group="auth"))


class TestAStorm:
    """Ten minutes of 5xx."""

    def test_it_is_met_with_few_requests_and_no_call_is_lost(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        before = len(company.asked())
        company.fault("answer_status", status=503, count=1000)
        takes = [company.call(begins=begins) for begins in range(0, 600, 10)]

        legwork.pass_time(600)
        assert 5 <= len(company.asked()) - before <= 25
        company.fault("clear")
        legwork.pass_time(400)

        assert is_right(legwork.redis, *takes)

    def test_one_of_401s_without_a_word_is_met_with_few_requests_and_with_fewer_grants(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        before, granted = len(company.asked()), grants(company)
        for group in ("light", "medium", "heavy"):
            company.fault("answer_status", group=group, status=401, count=1000)
        takes = [company.call(begins=begins) for begins in range(0, 600, 10)]

        legwork.pass_time(600)
        assert 5 <= len(company.asked()) - before <= 25
        assert grants(company) - granted <= 1
        company.fault("clear")
        legwork.pass_time(400)

        assert is_right(legwork.redis, *takes)

    def test_one_in_which_each_new_token_is_refused_is_met_with_as_few(
        self, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        before, granted = len(company.asked()), grants(company)
        takes = [company.call(begins=begins) for begins in range(0, 600, 10)]

        with monkeypatch.context() as storm:
            storm.setattr(company.box.tokens, "user_of", refuse)
            legwork.pass_time(600)
        assert 5 <= len(company.asked()) - before <= 25
        assert grants(company) - granted <= 2
        legwork.pass_time(400)

        assert is_right(legwork.redis, *takes)

    def test_it_is_an_alert_when_it_lasts_until_the_call_log_is_answered_again(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        company.fault("answer_status", status=503, count=10**6)
        takes = [company.call(begins=begins) for begins in range(0, 3600, 60)]
        legwork.pass_time(800)
        assert alerts(legwork, there_for=DAY) == []

        legwork.pass_time(2000)
        assert alerts(legwork, there_for=60) == []  # since a minute: before that nobody may have asked
        assert alerts(legwork, there_for=DAY) == [What.CALL_LOG_UNANSWERED]

        company.fault("clear")
        legwork.pass_time(400)
        assert alerts(legwork, there_for=DAY) == []
        legwork.pass_time(1000)
        assert is_right(legwork.redis, *takes)

    def test_it_is_none_while_a_version_before_asks_which_notes_no_answers(self, opened: Opened) -> None:
        legwork, _ = opened()
        legwork.pass_time(60)
        noted = msgspec.structs.replace(asking.load(legwork.redis, "acme"), answered_at=None)
        legwork.redis.set(keys.asking("acme"), msgspec.json.encode(noted))
        assert alerts(legwork, there_for=DAY) == []

        legwork.be_away(2000)

        assert alerts(legwork, there_for=DAY) == [What.CALL_LOG_UNANSWERED]

    def test_a_retry_after_is_kept_to(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        company.fault("answer_status", status=503, count=1, seconds=120)
        take = company.call()
        legwork.pass_time(45)
        before = len(company.asked())

        legwork.pass_time(110)
        assert len(company.asked()) == before

        legwork.pass_time(30)
        assert is_right(legwork.redis, take)

    def test_when_it_is_over_one_request_goes_ahead_of_the_others(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        company.fault("answer_status", group="light", status=503, count=1)
        company.fault("stall", group="light", count=1, seconds=0.05)
        with pytest.raises(Unavailable):
            get(legwork.dependencies, Group.LIGHT)
        legwork.be_away(5)
        before = len(company.asked(group="light"))

        all_ask([legwork.a_process() for _ in range(8)], Group.LIGHT)

        wait_until(lambda: len(company.asked(group="light")) > before)  # it is noted after it was hung up on
        assert len(company.asked(group="light")) - before == 1

    def test_the_pauses_of_two_accounts_differ(self, opened: Opened) -> None:
        legwork, company = opened()
        pauses = set()
        for _ in range(5):
            legwork.redis.flushall()
            legwork.redis.note_time(legwork.clock)
            company.fault("answer_status", group="light", status=503, count=1)
            with pytest.raises(Unavailable) as raised:
                get(legwork.dependencies, Group.LIGHT)
            pauses.add(raised.value.retry_after)

        assert len(pauses) == 5


@pytest.mark.parametrize(
    ("fault", "fields"), [("answer_status", {"status": 503, "count": 1}), ("rate_limit", {}), ("reset", {"count": 1})]
)
def test_a_sweep_that_is_stopped_is_let_go_of_at_once(opened: Opened, fault: str, fields: dict[str, int]) -> None:
    """Not when the collector of cycles comes by: that is rarely, and a sweep may hold thousands of records."""
    legwork, company = opened()
    legwork.pass_time(30)
    company.call()
    company.fault(fault, **fields)
    gc.collect()
    gc.disable()
    try:
        legwork.pass_time(120)
        kept = [one for one in gc.get_objects() if type(one) is Sweep]
    finally:
        gc.enable()

    assert any(one.status != 200 for one in company.asked())
    assert not kept


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        ("answer_html", {}),
        ("truncate", {}),
        ("reset", {}),
        ("stall", {"seconds": 0.02}),
        ("stall", {"seconds": 1.2}),
        ("answer_status", {"status": 500}),
        ("answer_status", {"status": 502}),
    ],
    ids=["html", "truncated", "reset", "hung up", "read timeout", "500", "a proxy's 502"],
)
def test_an_answer_that_is_none_is_asked_for_again_and_nothing_is_published_from_it(
    opened: Opened, fault: str, fields: dict[str, float]
) -> None:
    legwork, company = opened()
    legwork.pass_time(30)
    take = company.call()
    company.fault(fault, count=1, **fields)

    legwork.pass_time(40)
    assert [event.data.revision for event in events_of(legwork.redis, take)] == [0]

    legwork.pass_time(60)
    assert is_right(legwork.redis, take)


def test_where_nobody_listens_nothing_is_lost(redis: RedisWithClock, clock: Clock, a_company: MakeCompany) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = an_account(f"http://127.0.0.1:{port}")
    legwork = Legwork(Settings(redis_url="", accounts=(account,)), redis, clock)
    legwork.pass_time(600)
    runs = legwork.runs
    company = a_company(port)
    company.heard_by(legwork, "acme")
    take = company.call()

    legwork.pass_time(200)
    legwork.close()

    assert runs < 30
    assert is_right(redis, take)


class TestTokens:
    """A token that is not accepted any more is replaced once, by one worker for all."""

    @pytest.fixture
    def short(self, redis: RedisWithClock, clock: Clock, a_company: MakeCompany) -> tuple[Legwork, Company]:
        company = a_company(token_seconds=120)
        legwork = Legwork(Settings(redis_url="", accounts=(an_account(company.url),)), redis, clock)
        company.heard_by(legwork, "acme")
        return legwork, company

    def test_one_that_expires_on_the_way_costs_one_grant(self, short: tuple[Legwork, Company]) -> None:
        legwork, company = short
        legwork.pass_time(10)
        take = company.call(begins=100)

        legwork.pass_time(160)

        assert is_right(legwork.redis, take)
        assert [one.status for one in company.asked()].count(401) == 1
        assert grants(company) == 2

    def test_one_that_was_revoked_costs_one_grant_however_many_notice(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(60)
        processes = [legwork.a_process() for _ in range(5)]
        company.fault("revoke_tokens")

        answers = all_ask(processes, Group.LIGHT)

        assert all(isinstance(answer, dict) for answer in answers)
        assert grants(company) == 2

    def test_a_call_whose_sweep_met_a_revoked_token_is_resolved_by_that_sweep(self, opened: Opened) -> None:
        legwork, company = opened()
        legwork.pass_time(30)
        take = company.call()
        company.fault("revoke_tokens")

        legwork.pass_time(41)

        assert is_right(legwork.redis, take)


class TestBrokenCredentials:
    """A JWT that is not valid, or an app that was suspended."""

    def test_the_account_is_parked_and_asked_for_ever_more_rarely(self, opened: Opened) -> None:
        legwork, company = opened()
        company.fault("reject_jwt")
        for begins in range(0, 3600, 60):
            company.call(begins=begins)

        legwork.pass_time(HOUR)

        assert 2 <= grants(company) <= 5
        assert company.asked() == []

    def test_it_goes_on_when_the_credentials_are_accepted_again_and_nothing_is_lost(self, opened: Opened) -> None:
        legwork, company = opened()
        company.fault("reject_jwt")
        takes = [company.call(begins=begins) for begins in range(0, 200, 20)]
        legwork.pass_time(250)
        company.fault("reject_jwt", on=False)

        legwork.pass_time(400)

        assert is_right(legwork.redis, *takes)

    def test_other_credentials_are_tried_within_a_minute_however_long_the_account_was_parked(
        self, opened: Opened
    ) -> None:
        legwork, company = opened()
        right = legwork.settings
        legwork.restart(with_jwt(right, "a typing mistake"))
        take = company.call()
        legwork.pass_time(HOUR)
        assert company.asked() == []

        legwork.restart(right)
        legwork.pass_time(61)

        assert is_right(legwork.redis, take)

    def test_metrics_and_logs_say_so(self, opened: Opened) -> None:
        legwork, company = opened()
        company.fault("reject_jwt")

        with capture_logs() as logs:
            legwork.pass_time(10)
        legwork.dependencies.recorder.flush()

        text = render(legwork.redis).decode()
        assert f'{FAILURES.name}_total{{error="BrokenConfiguration",stage="resolve"}} 1.0' in text
        assert f'{REQUESTS.name}_total{{account="acme",group="auth",status="400"}} 1.0' in text
        (line,) = [entry for entry in logs if entry["log_level"] in {"warning", "error"}]
        assert (line["account"], line["error"]) == ("acme", "BrokenConfiguration")
        assert "OAU-251" in line["codes"]

    def test_other_accounts_run_on(self, redis: RedisWithClock, clock: Clock, a_company: MakeCompany) -> None:
        ill, well = a_company(seed=1), a_company(seed=2)
        accounts = (an_account(ill.url, name="ill"), an_account(well.url, name="well"))
        legwork = Legwork(Settings(redis_url="", accounts=accounts), redis, clock)
        well.heard_by(legwork, "well")
        ill.fault("reject_jwt")
        take = well.call(begins=30)

        legwork.pass_time(80)
        legwork.close()

        assert is_right(redis, take, account="well")
