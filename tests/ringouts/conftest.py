"""An installation that places RingOuts."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from runtime.settings import Settings
from scripts.simulator import Configuration
from scripts.simulator.server import served
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.conftest import ENDLESS_TOKENS, an_account, clock, redis
from tests.ringouts.exchange import Exchange, MakeExchange
from tests.workers.conftest import PLENTY

__all__ = ["clock", "redis"]


@pytest.fixture
def an_exchange(redis: RedisWithClock, clock: Clock) -> Iterator[MakeExchange]:
    """Make an installation; choices are the simulator's."""
    with ExitStack() as stack:

        def make(**choices: Any) -> Exchange:
            chosen = {"token_seconds": ENDLESS_TOKENS, "limits": PLENTY, "recording_share": 0.0, **choices}
            box = stack.enter_context(served(Configuration(**chosen), clock=clock))
            settings = Settings(redis_url="", accounts=(an_account(box.base_url),), heavy_limit=6000)
            exchange = Exchange(settings, redis, clock)
            stack.callback(exchange.close)
            exchange.connect(box)
            exchange.plan()
            return exchange

        yield make


@pytest.fixture
def exchange(an_exchange: MakeExchange) -> Exchange:
    return an_exchange()
