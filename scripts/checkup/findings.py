"""What a check finds, and what it looks at."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from enum import StrEnum
from threading import Thread
from typing import Final

import msgspec
from redis import Redis
from tqdm import tqdm

from runtime.metrics import Recorder
from runtime.settings import Account, Settings
from workers.dependencies import Dependencies
from workers.ringcentral.breaker import try_again
from workers.ringcentral.client import RingCentral


class Severity(StrEnum):
    """How bad it is. With an error calls are lost, late or not told; with a warning they may be."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong, and in one sentence what mends it."""

    severity: Severity
    says: str
    fix: str


Findings = Iterator[Finding]


def error(says: str, fix: str) -> Finding:
    """Find what must be mended."""
    return Finding(Severity.ERROR, says, fix)


def warning(says: str, fix: str) -> Finding:
    """Find what should be mended."""
    return Finding(Severity.WARNING, says, fix)


class Patient:
    """An installation: its settings, its Redis, its RingCentral."""

    def __init__(
        self, environ: Mapping[str, str], settings: Settings | None, redis: Redis | None, *, no_redis: str = ""
    ) -> None:
        self.environ = environ
        self.no_redis = no_redis
        """Why there is no Redis, where there is none."""
        self._settings = settings
        self._redis = redis
        self._made: Dependencies | None = None
        self._tried: set[str] = set()

    @property
    def settings(self) -> Settings:
        """The settings. Raises Unavailable when they cannot be read."""
        if self._settings is None:
            raise Unavailable("the settings cannot be read", told_by="settings")
        return self._settings

    @property
    def redis(self) -> Redis:
        """The Redis. Raises Unavailable when there is none."""
        if self._redis is None:
            raise Unavailable("Redis cannot be reached", told_by="redis")
        return self._redis

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts that have credentials. Raises Unavailable when none has any."""
        found = tuple(account for account in self.settings.accounts if account.credentials is not None)
        if not found:
            raise Unavailable("no account has credentials here", told_by="settings")
        return found

    def ringcentral(self, account: Account) -> RingCentral:
        """Give the client of an account, which asks though the workers leave RingCentral alone with its credentials."""
        if self._made is None:
            self._made = Dependencies(self.settings, self.redis, Recorder())
        if account.name not in self._tried:
            self._tried.add(account.name)
            try_again(self.redis, account.name)
        return self._made.ringcentral(account)


class Unavailable(Exception):
    """A check cannot be made. The message says what is missing, and the check `told_by` why it is."""

    def __init__(self, says: str, *, told_by: str) -> None:
        super().__init__(says)
        self.told_by = told_by


def of_each(accounts: Sequence[Account], look: Callable[[Account], Findings]) -> Findings:
    """Look at each account, some at the same time, for each look waits for an answer; tell in their order.

    Whoever is stopped waits for no answer that is still to come: the threads of an executor would.
    """
    looks = [(account, Future[tuple[Finding, ...]]()) for account in accounts]
    left = deque(looks)
    for _ in range(min(_TOGETHER, len(looks))):
        Thread(target=_look_at, args=(left, look), daemon=True).start()
    try:
        shown = {"unit": " accounts", "delay": 1.0, "leave": False, "file": sys.stderr, "disable": None}
        for _, found in tqdm(looks, **shown):
            yield from found.result()
    finally:
        left.clear()


def _look_at(left: "deque[tuple[Account, Future[tuple[Finding, ...]]]]", look: Callable[[Account], Findings]) -> None:
    """Look at one account after the other, until none is left."""
    with suppress(IndexError):
        while True:
            account, found = left.popleft()
            try:
                found.set_result(tuple(look(account)))
            except Exception as fault:  # noqa: BLE001 - raised where it is waited for
                found.set_exception(fault)


_TOGETHER: Final = 10
"""As many connections to RingCentral as are kept."""


class Check(msgspec.Struct, frozen=True):
    """One check: its name, what it is about, and the function that looks."""

    name: str
    about: str
    look: Callable[[Patient], Findings]


class Told(msgspec.Struct, frozen=True):
    """What came of one check; `skipped` says why it could not be made."""

    check: str
    severity: Severity
    says: str = ""
    fix: str = ""
    skipped: bool = False
