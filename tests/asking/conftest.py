"""A company, its RingCentral in a box, and Legwork: all by one clock that tests set forward."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from runtime.settings import Account, Credentials, Scope, Settings
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, Configuration
from scripts.simulator.server import served
from scripts.supervisor.embedded import EmbeddedRedis
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import Company
from tests.asking.legwork import Legwork

ENDLESS_TOKENS = 10**6
"""Seconds: a token that expires is asked for with a request that is refused, which tests would have to count."""

Opened: TypeAlias = Callable[..., tuple[Legwork, Company]]
MakeCompany: TypeAlias = Callable[..., Company]


def an_account(url: str, *, name: str = "acme", scope: Scope = Scope.ACCOUNT) -> Account:
    """Describe an account whose RingCentral is at `url`."""
    return Account(name, url, scope, Credentials(CLIENT_ID, CLIENT_SECRET, USER_JWT), ())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def redis(redis_server: EmbeddedRedis, clock: Clock) -> Iterator[RedisWithClock]:
    """Connect to an empty server that tells the time by our clock."""
    with RedisWithClock.at(redis_server.url) as client:
        client.flushall()
        client.keep_time(clock)
        yield client


@pytest.fixture
def a_company(clock: Clock) -> Iterator[MakeCompany]:
    """Set up a company with a RingCentral of its own."""
    with ExitStack() as stack:

        def make(port: int = 0, **choices: object) -> Company:
            configuration = Configuration(**{"token_seconds": ENDLESS_TOKENS, **choices})  # type: ignore[arg-type]  # fields
            return Company(stack.enter_context(served(configuration, port=port, clock=clock)), clock)

        yield make


@pytest.fixture
def opened(redis: RedisWithClock, clock: Clock, a_company: MakeCompany) -> Iterator[Opened]:
    """Open for business: give Legwork with these settings, and a company whose calls it hears of."""
    with ExitStack() as stack:

        def make(*, scope: Scope = Scope.ACCOUNT, **settings: object) -> tuple[Legwork, Company]:
            company = a_company()
            account = an_account(company.url, scope=scope)
            legwork = Legwork(Settings(redis_url="", accounts=(account,), **settings), redis, clock)  # type: ignore[arg-type]  # fields
            stack.callback(legwork.close)
            company.heard_by(legwork, "acme")
            return legwork, company

        yield make
