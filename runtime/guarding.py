"""The subscription as the guardian left it, and what it found of silent calls: for the next look, and for people."""

import hashlib
from collections.abc import Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, streams
from runtime.stored import readable
from telephony.subscriptions import Health

LONGEST_PATIENCE: Final = 3600.0
"""For how long RingCentral may ask the guardian for patience."""

GONE_SECONDS: Final = 600.0
"""After so long without a look, one a minute, nobody looks any more."""

MOMENT_SECONDS: Final = 10.0
"""How long the very first subscription is not made by us: somebody may be at it. Nor any by who was just started."""

JUST_SECONDS: Final = 30.0
"""How long one that is missing is nothing to tell of: who answers the handshake may be starting as well."""


class Guarded(msgspec.Struct, frozen=True, rename="camel"):
    """One account's subscription. Times are seconds.

    `token` tells verification tokens apart. `well_at` is when it was last seen delivering; `gap_from` since when it may
    not have been; `doubtful_before`: sessions not heard of since then may have ended unheard. `missing_since` is when
    it was first found that another has to be made. `problem` says what was wrong at the last look, if anything.
    `leaving` are the ids of those that were to be deleted then.
    """

    id: str | None = None
    token: str | None = None
    address: str | None = None
    health: Health = Health.MISSING
    checked_at: float | None = None
    well_at: float | None = None
    expires_at: float | None = None
    gap_from: float | None = None
    doubtful_before: float | None = None
    missing_since: float | None = None
    next_at: float = 0.0
    problem: str | None = None
    foreign: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    def is_just_missed(self, seconds: float = JUST_SECONDS, *, there_since: float = 0.0) -> bool:
        """Say whether it was missing at the last look, and not for long, as far as who is `there_since` then can know.

        Since later than that look was before the clock was put back.
        """
        if self.missing_since is None or self.checked_at is None:
            return False
        since = max(self.missing_since, there_since)
        return since <= self.checked_at < since + seconds

    def is_looked_after(self, now: float) -> bool:
        """Say whether somebody has looked not long ago, or is going to: whoever has credentials.

        A look that is further ahead than any was before the clock was put back.
        """
        last = max(self.checked_at or 0.0, self.next_at)
        return last - LONGEST_PATIENCE <= now < last + GONE_SECONDS

    def rests(self, now: float) -> bool:
        """Say whether it is left alone; what was longer than that ever is was before the clock was put back."""
        return now < self.next_at <= now + LONGEST_PATIENCE


class Silence(msgspec.Struct, frozen=True, rename="camel"):
    """What was found of a session that was silent for too long, and when it is looked at again. Times are seconds."""

    looked_at: float
    found: str
    next_at: float
    gone: bool = False


def load(redis: Redis, account: str) -> Guarded:
    """Load what is known of the subscription; nothing where there was no look yet."""
    return load_all(redis, [account])[0]


def load_all(redis: Redis, accounts: Sequence[str]) -> list[Guarded]:
    """Load what is known of the subscription of each account."""
    texts = redis.mget([keys.subscription(account) for account in accounts]) if accounts else []
    return [readable(text, _DECODER) or Guarded() for text in cast("list[bytes | None]", texts)]


def keep(redis: Redis, account: str, guarded: Guarded) -> None:
    """Keep what is known of the subscription."""
    redis.set(keys.subscription(account), msgspec.json.encode(guarded))


def last_notification(redis: Redis, account: str) -> float | None:
    """Say when anything was heard last, though it be dropped since; None: never. Seconds."""
    return last_notifications(redis, [account])[0]


def last_notifications(redis: Redis, accounts: Sequence[str]) -> list[float | None]:
    """Say the same of each account."""
    ends = streams.ends(redis, [keys.inbox(account) for account in accounts])
    return [streams.added_at(place) or None for place, _ in ends]


def silence(redis: Redis, account: str, telephony_session_id: str) -> Silence | None:
    """Give what was found of a silent session."""
    text = cast("bytes | None", redis.hget(keys.silences(account), telephony_session_id))
    return None if text is None else msgspec.json.decode(text, type=Silence)


def fingerprint(token: str) -> str:
    """Tell one verification token from another without giving any of it away."""
    return hashlib.blake2b(token.encode(), digest_size=8, person=b"verification").hexdigest()


_DECODER: Final = msgspec.json.Decoder(Guarded)
