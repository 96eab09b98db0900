"""Half an hour of everything at once: in the end every call has its right outcome, whatever happened meanwhile."""

import random
from functools import partial

import pytest

from scripts.simulator import SCENARIOS
from scripts.simulator.chance import seeded
from scripts.simulator.take import Take
from tests.asking.company import EXTRACT, LIST, SYNC, Company
from tests.asking.conftest import Opened
from tests.asking.legwork import wrong

HALF_AN_HOUR = 1800.0
ENDPOINTS = (EXTRACT, SYNC, LIST)


def some_calls(company: Company, chance: random.Random, count: int) -> list[Take]:
    """Make calls of every kind; some are listed mid-call, recorded late, heard in disorder, or of nobody told."""
    return [a_call(company, chance, scenario) for scenario in chance.choices(sorted(SCENARIOS), k=count)]


def a_call(company: Company, chance: random.Random, scenario: str) -> Take:
    take = company.call(
        scenario,
        begins=chance.uniform(0, HALF_AN_HOUR),
        length=min(chance.expovariate(1 / 120) + 2, 1200),
        lag=chance.choice([2.0, 10.0, 20.0, 100.0]),
        mid_call=chance.random() < 0.3,
        recording=chance.choice([None, 5.0, 150.0]),
        heard=False,
    )
    if chance.random() < 0.9:
        bodies = company.bodies(take)
        if chance.random() < 0.3:
            chance.shuffle(bodies)
        company.clock.at(take.ends_at + chance.uniform(0, 2), lambda: company.hear(bodies))
    return take


def some_faults(company: Company, chance: random.Random, count: int) -> None:
    """Enter faults of all kinds at any time."""
    for _ in range(count):
        company.clock.at(company.clock() + chance.uniform(0, HALF_AN_HOUR), partial(a_fault, company, chance))


def a_fault(company: Company, chance: random.Random) -> None:
    endpoint = chance.choice(ENDPOINTS)
    chance.choice(
        [
            partial(company.fault, "rate_limit", seconds=60.0, retryAfter=chance.choice(["seconds", "date"])),
            partial(
                company.fault, "answer_status", count=chance.randrange(1, 8), status=chance.choice([500, 502, 503])
            ),
            partial(company.fault, "answer_html"),
            partial(company.fault, "truncate"),
            partial(company.fault, "reset"),
            partial(company.fault, "revoke_tokens"),
            partial(company.fault, "expire_sync_tokens"),
            partial(company.fault, "forbid", endpoint=endpoint, on=chance.random() < 0.6),
            partial(company.fault, "break", endpoint=endpoint, on=chance.random() < 0.6),
            partial(company.crowd, 300, begins=-60, seconds=60),
        ]
    )()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happened_every_call_gets_its_outcome_once(opened: Opened, seed: int) -> None:
    chance = seeded("soak", seed)
    legwork, company = opened()
    legwork.pass_time(60)
    takes = some_calls(company, chance, 120)
    some_faults(company, chance, 40)

    legwork.pass_time(HALF_AN_HOUR + 1200)
    company.fault("clear")
    legwork.pass_time(3600)

    assert wrong(legwork.redis, *takes) == []
    assert not any(one.during_penalty for one in company.asked())
