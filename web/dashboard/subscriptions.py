"""How well each account hears RingCentral: its subscription as the guardian left it, and when anything came last."""

from collections.abc import Iterable
from typing import Final

import msgspec
from redis import Redis

from runtime import guarding
from runtime.guarding import Guarded
from telephony.subscriptions import Health

NOT_LOOKED: Final = "not looked at"


class Hearing(msgspec.Struct, frozen=True):
    """One account's subscription. `heard_at` is when a notification came last (seconds), None: never."""

    account: str
    guarded: Guarded
    heard_at: float | None

    @property
    def word(self) -> str:
        """Say how it is; before the guardian's first look nobody knows."""
        return NOT_LOOKED if self.guarded.checked_at is None else self.guarded.health

    @property
    def is_well(self) -> bool:
        """Whether everything is delivered."""
        return self.word == Health.ACTIVE


def hearing(redis: "Redis", account: str) -> Hearing:
    """Read how an account's subscription is."""
    return Hearing(account, guarding.load(redis, account), guarding.last_notification(redis, account))


def worst(of: Iterable[Hearing]) -> Hearing | None:
    """Choose the one to look at first: one that is not well, else the one that was silent for longest."""
    return min(of, key=lambda one: (one.is_well, one.heard_at or 0.0), default=None)
