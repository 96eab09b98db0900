"""What the jobs of this process work with. RQ calls a job with its arguments only, so it asks for the rest here."""

from collections.abc import Sequence
from typing import Protocol

from redis import Redis

from runtime.budget import Budget, Group
from runtime.clocks import stopwatch
from runtime.metrics import REQUESTS, Recorder
from runtime.settings import Account, Settings
from workers.destinations.sender import Sender
from workers.destinations.verdicts import Answer
from workers.ringcentral.client import RingCentral
from workers.ringcentral.transport import new_session
from workers.shifts import Shifts
from workers.stopping import Stopping


class Sends(Protocol):
    """Whatever makes one attempt to deliver an event, from any thread, and says what came of it."""

    def send(self, url: str, event_id: str, body: bytes, secrets: Sequence[str], *, now: float) -> Answer:
        """Post `body` to `url`, signed with all `secrets`. Raises nothing for whatever the other side does."""


class UnknownAccount(LookupError):
    """A bell was rung for an account that the settings do not name (any more)."""


class Dependencies:
    """Settings, connections and counters of one worker process; made once, by its entry point."""

    def __init__(self, settings: Settings, redis: Redis, recorder: Recorder, sender: Sends | None = None) -> None:
        self.settings = settings
        self.redis = redis
        self.recorder = recorder
        self.made_at = stopwatch()
        self.stopping = Stopping()
        self.shifts = Shifts(self.stopping)
        self._sender = sender
        self._session = new_session()
        self._clients: dict[str, RingCentral] = {}
        self._budgets: dict[str, Budget] = {}

    @property
    def sender(self) -> Sends:
        """Give what makes attempts to deliver; it reads all certificates this machine trusts, so few need it made."""
        self._sender = self._sender or Sender(self.settings.allow_private_destinations)
        return self._sender

    def account(self, name: str) -> Account:
        """Find an account. Raises UnknownAccount."""
        account = self.settings.account(name)
        if account is None:
            raise UnknownAccount(name)
        return account

    def ringcentral(self, account: Account) -> RingCentral:
        """Give the account's client; its connections are kept between jobs."""
        if account.name not in self._clients:
            self._clients[account.name] = self._client(account)
        return self._clients[account.name]

    def budget(self, account_name: str) -> Budget:
        """Give the account's budget of requests."""
        if account_name not in self._budgets:
            limits = {Group.HEAVY: self.settings.heavy_limit}
            self._budgets[account_name] = Budget(self.redis, account_name, limits)
        return self._budgets[account_name]

    def _client(self, account: Account) -> RingCentral:
        def observe(group: str, status: str) -> None:
            self.recorder.count(REQUESTS, account.name, group, status)

        budget, session = self.budget(account.name), self._session
        return RingCentral(account, self.redis, budget, session=session, observe=observe, stopping=self.stopping)


_installed: list[Dependencies] = []


def install(dependencies: Dependencies) -> None:
    """Have this process's jobs work with `dependencies` from now on."""
    _installed[:] = [dependencies]


def current() -> Dependencies:
    """Give what was installed."""
    return _installed[0]
