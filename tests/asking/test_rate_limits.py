"""What happens when there is no budget: gates, limits, and accounts that do not share them. RELIABILITY row 53."""

from pathlib import Path
from typing import TypeAlias

import pytest

from runtime import settings
from runtime.budget import GATE_MOST, GATE_UNSAID, Group
from runtime.settings import Need, Settings
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import EXTRACT, Asked, Company
from tests.asking.conftest import MakeCompany, Opened, an_account
from tests.asking.legwork import Legwork, is_right, published_at
from tests.asking.processes import all_ask, get
from tests.ringcentral.server import Server, says
from workers.ringcentral.errors import RateLimited

MINUTE = 60.0
PENALTIES = [("seconds", 60.0, 60.0), ("date", 60.0, 60.0), ("absent", 30.0, GATE_UNSAID), ("bare", 30.0, GATE_UNSAID)]

Two: TypeAlias = tuple[Legwork, Company, Company]


def busiest_minute(asked: list[Asked]) -> int:
    times = [one.time for one in asked]
    return max(sum(1 for time in times if start <= time < start + MINUTE) for start in times)


@pytest.mark.parametrize(("style", "penalty", "wait"), PENALTIES)
def test_while_a_gate_is_closed_nobody_sends_anything_in_its_group(
    opened: Opened, style: str, penalty: float, wait: float
) -> None:
    legwork, company = opened()
    legwork.pass_time(30)
    company.fault("rate_limit", seconds=penalty, retryAfter=style)
    take = company.call()
    legwork.pass_time(41)
    refused = company.asked()[-1]
    assert refused.status == 429

    processes = [legwork.a_process() for _ in range(5)]
    for _ in range(4):
        answers = all_ask(processes, Group.HEAVY)
        legwork.pass_time(wait / 5)
        assert {type(answer) for answer in answers} == {RateLimited}

    assert company.asked()[-1] == refused
    legwork.pass_time(MINUTE)
    assert is_right(legwork.redis, take)
    assert company.asked()[-1].time >= refused.time + wait
    assert not any(one.during_penalty for one in company.asked())


def test_a_penalty_of_a_day_is_believed_for_an_hour(opened: Opened) -> None:
    legwork, company = opened()
    legwork.pass_time(30)
    company.fault("rate_limit", seconds=60.0, retryAfter="huge")
    take = company.call()
    legwork.pass_time(60)
    refused = company.asked()[-1]

    legwork.pass_time(GATE_MOST - 60)
    assert company.asked()[-1] == refused

    legwork.pass_time(120)
    assert is_right(legwork.redis, take)


def test_a_gate_of_one_group_leaves_the_others_open(opened: Opened) -> None:
    legwork, company = opened()
    company.fault("rate_limit", seconds=60.0)
    legwork.pass_time(5)

    assert get(legwork.dependencies, Group.LIGHT)
    assert [one.status for one in company.asked()] == [429]


def test_a_limit_that_is_nobodys_group_closes_all(opened: Opened) -> None:
    legwork, company = opened()
    company.fault("rate_limit", seconds=30.0, retryAfter="bare")
    legwork.pass_time(5)

    with pytest.raises(RateLimited):
        get(legwork.dependencies, Group.LIGHT)


def test_when_a_gate_opens_one_request_goes_through_and_no_herd(opened: Opened) -> None:
    legwork, company = opened(reread_seconds=(), reconcile_seconds=86_400.0)
    company.fault("rate_limit", seconds=60.0)
    legwork.pass_time(10)
    legwork.be_away(51)
    before = len(company.asked())

    all_ask([legwork.a_process() for _ in range(8)], Group.HEAVY)

    assert [one.status for one in company.asked()[before:]] == [200]


def test_a_bell_that_is_rung_before_there_is_a_token_costs_a_call_no_interval(opened: Opened) -> None:
    legwork, company = opened(reread_seconds=(), reconcile_seconds=86_400.0)
    legwork.pass_time(30)
    take = company.call(length=20)
    due = take.ends_at + legwork.settings.settle_seconds
    legwork.pass_time(due - 6 - legwork.clock())
    legwork.spend("acme", leaving=0)

    legwork.pass_time(6.5)
    assert not is_right(legwork.redis, take)
    legwork.resolve("acme")
    legwork.pass_time(8)

    assert published_at(legwork.redis, take) - due < legwork.settings.fetch_interval_seconds - 1


def test_the_headers_of_answers_lower_the_pace(a_company: MakeCompany, redis: RedisWithClock, clock: Clock) -> None:
    company = a_company(limits={"light": 50, "medium": 40, "heavy": 4, "auth": 5})
    legwork = Legwork(Settings(redis_url="", accounts=(an_account(company.url),)), redis, clock)
    company.heard_by(legwork, "acme")
    takes = [company.call(begins=begins, length=20) for begins in range(0, 300, 3)]

    legwork.pass_time(400)
    legwork.close()

    assert is_right(redis, *takes)
    assert {one.status for one in company.asked()} == {200}
    assert busiest_minute(company.asked()) <= 4


@pytest.mark.parametrize("limit", [3, 10, 20])
def test_the_limit_that_was_set_holds_until_headers_say_otherwise(
    redis: RedisWithClock, clock: Clock, a_company: MakeCompany, limit: int
) -> None:
    company, times = a_company(), []
    page = {"records": [], "syncInfo": {"syncType": "ISync", "syncToken": "t"}}
    with Server().running() as server:
        server.on(f"/restapi/v1.0/account/~/{EXTRACT}", says(page))
        settings = Settings(redis_url="", accounts=(an_account(server.url),), heavy_limit=limit)
        legwork = Legwork(settings, redis, clock)
        company.heard_by(legwork, "acme")
        for begins in range(0, 200, 2):
            company.call(begins=begins, length=10, listed=False)
        for _ in range(200):
            before = len(server.seen)
            legwork.pass_time(1)
            times += [clock()] * (len(server.seen) - before)
        legwork.close()

    assert busiest_minute([Asked(time, "", {}, 200, during_penalty=False) for time in times]) <= limit
    assert len(times) > limit


class TestTwoAccounts:
    """Accounts of one installation share nothing but workers and Redis."""

    @pytest.fixture
    def two(self, tmp_path: Path, redis: RedisWithClock, clock: Clock, a_company: MakeCompany) -> Two:
        """Open for business for two accounts, read from a file as in production."""
        companies = {"loud": a_company(seed=1), "calm": a_company(seed=2)}
        file = tmp_path / "accounts.toml"
        file.write_text("".join(self.table(name, company.url) for name, company in companies.items()))
        environ = {"REDIS_URL": "redis://127.0.0.1", "ACCOUNTS_FILE": str(file)}
        legwork = Legwork(settings.load(environ, needs=frozenset({Need.CREDENTIALS})), redis, clock)
        for name, company in companies.items():
            company.heard_by(legwork, name)
        return legwork, companies["loud"], companies["calm"]

    def table(self, name: str, url: str) -> str:
        values = {
            "name": name,
            "rc_server_url": url,
            "rc_app_client_id": CLIENT_ID,
            "rc_app_client_secret": CLIENT_SECRET,
            "rc_user_jwt": USER_JWT,
        }
        return "[[accounts]]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items())

    def test_a_storm_of_429s_of_one_account_is_not_noticed_by_another(self, two: Two) -> None:
        legwork, loud, calm = two
        legwork.pass_time(30)
        for seconds in range(0, 600, 30):
            loud.clock.at(loud.clock() + seconds, lambda: loud.fault("rate_limit", seconds=60.0))
        stormy = [loud.call(begins=begins) for begins in range(0, 600, 5)]
        steady = [calm.call(begins=begins) for begins in range(0, 600, 100)]

        legwork.pass_time(800)

        waits = [published_at(legwork.redis, take, account="calm") - take.record_at for take in steady]
        assert max(waits) <= 10
        assert {one.status for one in calm.asked()} == {200}
        assert 429 in {one.status for one in loud.asked()}
        assert not any(one.during_penalty for one in loud.asked())
        assert is_right(legwork.redis, *stormy, account="loud")
        legwork.close()

    def test_a_busy_account_takes_no_request_from_a_quiet_one(self, two: Two) -> None:
        legwork, loud, calm = two
        legwork.pass_time(30)
        for begins in range(0, 300, 2):
            loud.call(begins=begins)
        lone = calm.call(begins=200)

        legwork.pass_time(300)

        assert is_right(legwork.redis, lone, account="calm")
        assert len(calm.asked()) <= 4
        assert busiest_minute(loud.asked()) <= 10
        legwork.close()
