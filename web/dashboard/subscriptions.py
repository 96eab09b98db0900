"""How well each account hears RingCentral: its subscription as the guardian left it, and when anything came last."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
from redis import Redis

from runtime import guarding
from runtime.guarding import Guarded
from telephony.subscriptions import Health

NOT_LOOKED: Final = "not looked at"


_MEANING: Final[Mapping[str, str]] = MappingProxyType(
    {
        Health.MISSING: "there is none",
        Health.BLACKLISTED: "RingCentral gave up delivering",
        Health.INCOMPLETE: "RingCentral does not serve the filter of calls",
        Health.UNMANAGED: "without PUBLIC_URL and RC_VERIFICATION_TOKEN nobody guards it",
    }
)
"""What is said beside a word that is not `active`; what to do stands beside the alert."""


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
    def meaning(self) -> str:
        """Say what the word means, where something is to be done."""
        return _MEANING.get(self.word, "")

    @property
    def is_well(self) -> bool:
        """Whether everything is delivered."""
        return self.word == Health.ACTIVE


def hearing(redis: Redis, accounts: Sequence[str]) -> list[Hearing]:
    """Read how the subscription of each account is."""
    heard = guarding.last_notifications(redis, accounts)
    return list(map(Hearing, accounts, guarding.load_all(redis, accounts), heard))


def worst(of: Iterable[Hearing]) -> Hearing | None:
    """Choose the one to look at first: one that is not well, else the one that was silent for longest."""
    return min(of, key=lambda one: (one.is_well, one.heard_at or 0.0), default=None)
