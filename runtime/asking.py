"""How far the call log of an account has been asked: its lane, its token, and what is known of its pace.

Kept by resolve, in one record of its own, so that any worker goes on where the last one stopped.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.budget import Share
from runtime.leases import Command
from runtime.stored import readable
from telephony.fetch_plan import Lane
from telephony.looks import LAGS_KEPT, first_wait
from telephony.narrowing import Narrowing
from telephony.times import moment_at

REFUSED_SECONDS: Final = 3600.0
"""How long a lane that RingCentral refused is not tried again."""

FAILURES: Final = 3
BROKEN_SECONDS: Final = 600.0
"""How many answers in a row may be of no use before a lane is left alone, and for how long: the next may be well."""

FIRST_REST: Final = 60.0
LONGEST_REST: Final = 600.0
"""How long the past rests after RingCentral could not answer for a stretch of it: twice as long each time."""

LATE_SECONDS: Final = 180.0
"""How long until windows may be twice as long again after one that took too long."""


class Asking(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One account's position. Times are seconds since 1970.

    `token` goes on with `token_lane`, which shows only calls that began since `token_from`, if that is set.
    `compared_to` is how far the call log was compared with the ledger, without gap; `compared_from` where the first
    comparison begins, set before anything is asked, so that a first time without an answer is not passed over.
    `answered_at` is when RingCentral answered last.
    `density` is how many records began per second where calls were waiting, as last seen, and `past_density` where the
    past is gone through, which may be far more quiet; `lags` is how long the last records took to appear; `failures`
    counts the last polls of a feed that were answered with nothing usable or took its token for none, `past_failures`
    windows of the past, which is not asked for before `past_from`; `whole_at` is when a call of which only a part was
    shown was looked up last. `late` is, for the present and the past, by how many records per second windows were short
    enough after one that took too long, and when that was. `behind` says that a feed had more to show when there was no
    request left for it, and nobody who waits has been asked about since.
    """

    token: str | None = None
    token_lane: Lane | None = None
    token_from: float | None = None
    refused_until: dict[Lane, float] = msgspec.field(default_factory=dict)
    compared_to: float | None = None
    compared_from: float | None = None
    swept_at: float = 0.0
    answered_at: float | None = None
    density: float | None = None
    past_density: float | None = None
    lags: tuple[float, ...] = ()
    failures: int = 0
    past_failures: int = 0
    past_from: float = 0.0
    whole_at: float = 0.0
    late: dict[Share, tuple[float, float]] = msgspec.field(default_factory=dict)
    narrowing: Narrowing = Narrowing()
    behind: bool = False

    def as_of(self, now: float) -> "Asking":
        """Give it as it can be at `now`: whatever is later was noted before Redis's clock was put back.

        So nothing is taken for compared that is still to come, and nothing rests for longer than it ever would. A feed
        that shows only what begins later than now is begun anew.
        """
        is_ahead = self.token_from is not None and self.token_from > now
        then = msgspec.structs.replace(
            msgspec.structs.replace(self.without_token(), token_from=None) if is_ahead else self,
            compared_to=None if self.compared_to is None else min(self.compared_to, now),
            answered_at=None if self.answered_at is None else min(self.answered_at, now),
            past_from=min(self.past_from, now + LONGEST_REST),
            refused_until={lane: min(until, now + REFUSED_SECONDS) for lane, until in self.refused_until.items()},
            late={place: (density, min(since, now)) for place, (density, since) in self.late.items()},
            narrowing=msgspec.structs.replace(self.narrowing, since=min(self.narrowing.since, now)),
        )
        return self if then == self else then

    def lane(self, *, company: bool, now: float) -> Lane:
        """Give the best lane that is open; the extract feed is for the company's call log only."""
        lanes = (Lane.EXTRACT, Lane.SYNC) if company else (Lane.SYNC,)
        return next((lane for lane in lanes if self.refused_until.get(lane, 0.0) <= now), Lane.LIST)

    def token_of(self, lane: Lane) -> str | None:
        """Give the token to go on with in `lane`, if there is one."""
        return self.token if self.token_lane is lane else None

    @property
    def shown_since(self) -> datetime | None:
        """When calls must have begun to be shown by the feed that goes on with the token; None for any."""
        return None if self.token_from is None else moment_at(self.token_from)

    @property
    def has_gap(self) -> bool:
        """Whether calls that began before the feed's beginning are still to be compared, with the list."""
        return self.compared_to is not None and self.token_from is not None and self.compared_to < self.token_from

    def begun(self, lane: Lane, token: str, *, since: float | None = None) -> "Asking":
        """Go on with the token of a feed that began anew, and shows calls that began since `since` (None: all)."""
        return msgspec.structs.replace(self, token=token, token_lane=lane, token_from=since)

    def swept(self, now: float, *, is_answered: bool) -> "Asking":
        """Note a sweep, and whether anything of it was answered."""
        return msgspec.structs.replace(self, swept_at=now, answered_at=now if is_answered else self.answered_at)

    @property
    def last_answer(self) -> float | None:
        """Say when RingCentral answered last; where a version before has written that down, how far it had compared."""
        return self.compared_to if self.answered_at is None else self.answered_at

    def without_token(self) -> "Asking":
        """Forget the token; what its feed did not show remains to be compared."""
        return msgspec.structs.replace(self, token=None, token_lane=None)

    def without(self, lane: Lane, *, now: float) -> "Asking":
        """Leave a lane that was refused alone for a while; the token of another is still good."""
        asking = self.without_token() if self.token_lane is lane else self
        return _closed(asking, lane, now + REFUSED_SECONDS)

    def after_failure(self, lane: Lane, *, now: float) -> "Asking":
        """Count an answer that was not usable; leave the lane alone after some in a row."""
        if self.failures + 1 < FAILURES:
            return msgspec.structs.replace(self, failures=self.failures + 1)
        return self.broken(lane, now=now)

    def broken(self, lane: Lane, *, now: float) -> "Asking":
        """Leave a lane alone that is not well."""
        return _closed(self, lane, now + BROKEN_SECONDS)

    def without_turns(self, *, now: float) -> "Asking":
        """Ask the list about nobody in turn with a feed for a while: it had no answer, and each such time is a rest."""
        until = {**self.refused_until, Lane.LIST: now + BROKEN_SECONDS}
        return msgspec.structs.replace(self, refused_until=until)

    def gives_turns(self, *, now: float) -> bool:
        """Say whether the list is to be asked in turn with a feed that is behind, about those who wait."""
        return self.behind and self.refused_until.get(Lane.LIST, 0.0) <= now

    def after_past_failure(self, *, now: float, density: float) -> "Asking":
        """Let the past rest after a window of it was answered with nothing usable.

        The next one is as long as `density` has it, the records per second that are reckoned with from now on.
        """
        rest = min(FIRST_REST * 2**self.past_failures, LONGEST_REST)
        return msgspec.structs.replace(
            self, past_failures=self.past_failures + 1, past_from=now + rest, past_density=density
        )

    def after_past(self) -> "Asking":
        """Note that a window of the past was answered."""
        return msgspec.structs.replace(self, past_failures=0) if self.past_failures else self

    def density_for(self, share: Share, *, now: float) -> float | None:
        """Say how many records per second to reckon with where requests of this share look, as far as it is known."""
        known = self.density if share is Share.LIVE else self.past_density or self.density
        density, since = self.late.get(_place(share), (0.0, now))
        late = density * 0.5 ** (max(0.0, now - since) / LATE_SECONDS)
        return known if known is None or known > late else late

    def with_density(self, density: float, share: Share) -> "Asking":
        """Remember how many records began per second where a request of this share looked."""
        if share is Share.LIVE:
            return msgspec.structs.replace(self, density=density)
        return msgspec.structs.replace(self, past_density=density)

    def after_late(self, density: float, share: Share, *, now: float) -> "Asking":
        """Remember after a window that took too long by how many records per second the next one is short enough.

        A shorter one that is answered tells how dense calls lie, and nothing of how much RingCentral can bear.
        """
        late = {**self.late, _place(share): (density, now)}
        return msgspec.structs.replace(self.with_density(density, share), late=late)

    def with_lags(self, lags: tuple[float, ...]) -> "Asking":
        """Remember how long the newest records took."""
        return msgspec.structs.replace(self, lags=(*self.lags, *lags)[-LAGS_KEPT:]) if lags else self


def _place(share: Share) -> Share:
    """Say where a share looks: at the calls of this minute, or at the past."""
    return share if share is Share.LIVE else Share.BACKFILL


def _closed(asking: Asking, lane: Lane, until: float) -> Asking:
    return msgspec.structs.replace(asking, refused_until={**asking.refused_until, lane: until}, failures=0)


def load(redis: Redis, account: str) -> Asking:
    """Load an account's position, see `read`."""
    return load_all(redis, [account])[0]


def load_all(redis: Redis, accounts: Sequence[str]) -> list[Asking]:
    """Load the position of each account, in one round trip."""
    texts = redis.mget([keys.asking(account) for account in accounts]) if accounts else []
    return [read(text) for text in cast("list[bytes | None]", texts)]


def read(text: bytes | None) -> Asking:
    """Read a position as it is stored; a new one where there is none, or none that can be read."""
    return readable(text, _DECODER) or Asking()


def write(account: str, asking: Asking, *, settle: float) -> tuple[Command, ...]:
    """Give the commands that store an account's position, and for how long track has a call wait by what it has shown.

    That is `settle` seconds at least.
    """
    wait = first_wait(asking.lags, settle=settle)
    return (
        ("SET", keys.asking(account), msgspec.json.encode(asking)),
        ("SET", keys.first_wait(account), f"{wait:.3f}"),
    )


_DECODER: Final = msgspec.json.Decoder(Asking)
