"""Links are found and conversations judged anew by processes that are killed at every commit that does so."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

import pytest

from runtime import bells, keys
from runtime.bells import Stage
from runtime.leases import Command, Lease
from runtime.settings import Settings
from tests.asking.clock import Clock, RedisWithClock
from tests.asking.company import Company
from tests.asking.conftest import MakeCompany, an_account
from tests.asking.legwork import Legwork, events_of
from tests.asking.test_conversations import CONVERSATIONS, is_right, told
from tests.fakes.killed import Killed

LONG = 400.0
TAKEN_UP_AGAIN = 10.0
"""Seconds until somebody else takes up what a killed process left."""


class Mortal(Legwork):
    """Legwork in which a killed process is followed by another."""

    deaths = 0

    def track(self, account: str) -> None:
        """Track what there is, as long as we live."""
        try:
            super().track(account)
        except Killed:
            self._die(Stage.TRACK, account)

    def resolve(self, account: str) -> None:
        """Serve the bell of resolve, as long as we live."""
        try:
            super().resolve(account)
        except Killed:
            self._die(Stage.RESOLVE, account)

    def _die(self, stage: Stage, account: str) -> None:
        self.deaths += 1
        self.redis.zadd(keys.BELLS, {bells.member(stage, account): self.clock() + TAKEN_UP_AGAIN})


@pytest.fixture
def mortal(a_company: MakeCompany, redis: RedisWithClock, clock: Clock) -> Iterator[tuple[Mortal, Company]]:
    company = a_company()
    legwork = Mortal(Settings(redis_url="", accounts=(an_account(company.url),)), redis, clock)
    company.heard_by(legwork, "acme")
    yield legwork, company
    legwork.close()


def _is_of_links(commands: Iterable[Command]) -> bool:
    near = (keys.links("acme", ""), keys.relinked("acme"))
    return any(str(part).startswith(near) for command in commands for part in command[1:2])


def kill_at_commits(monkeypatch: pytest.MonkeyPatch, when: Sequence[str]) -> None:
    """Kill whoever commits anything of links: `before`, `after`, or `not`, one after the other, again and again."""
    commit, turns = Lease.commit, cycle(when)

    def mortal_commit(self: Lease, commands: Sequence[Command]) -> None:
        turn = next(turns) if _is_of_links(commands) else "not"
        if turn == "before":
            raise Killed
        commit(self, commands)
        if turn == "after":
            raise Killed

    monkeypatch.setattr(Lease, "commit", mortal_commit)


@pytest.mark.parametrize("when", [("before", "not"), ("after",), ("before", "after", "not")], ids=" ".join)
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_kill_at_every_commit_of_links_changes_nothing_in_the_end(
    name: str,
    when: Sequence[str],
    mortal: tuple[Mortal, Company],
    redis: RedisWithClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    legwork, company = mortal
    kill_at_commits(monkeypatch, when)
    takes = company.converse(name)

    legwork.pass_time(LONG)

    assert legwork.deaths > 0
    assert [told(take, redis) for take in takes if not is_right(take, redis)] == []
    assert redis.zcard(keys.relinked("acme")) == 0
    published = [events_of(redis, take) for take in takes]
    assert [[event.data.revision for event in events] for events in published] == [
        list(range(len(events))) for events in published
    ]
    assert redis.xlen(keys.OUTCOMES) == sum(map(len, published))
