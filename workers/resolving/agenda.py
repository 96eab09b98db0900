"""What resolve has to do for an account besides looking after the calls that are due, read in one round trip."""

from collections.abc import Sequence

import msgspec
from redis import Redis

from runtime import asking, comparisons, keys
from runtime.asking import Asking
from runtime.clocks import as_seconds
from runtime.comparisons import Comparison


class Agenda(msgspec.Struct, frozen=True):
    """How far the call log was asked `now`, and what waits. Times are seconds since 1970 by Redis's clock.

    `relinked_at` is when that conversation changed which waits longest to be judged anew, `reread_at` when resolved
    calls are to be looked at again; `comparison` is the one to go on with. None where there is nothing of the kind.
    """

    now: float
    asking: Asking
    relinked_at: float | None
    reread_at: float | None
    comparison: Comparison | None

    @property
    def relinks(self) -> bool:
        """Whether conversations are to be judged anew now."""
        return self.relinked_at is not None and self.relinked_at <= self.now

    @property
    def rereads(self) -> bool:
        """Whether resolved calls are to be looked at again now."""
        return self.reread_at is not None and self.reread_at <= self.now


def read(redis: Redis, account: str) -> Agenda:
    """Read it."""
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.get(keys.asking(account))
        pipeline.zrange(keys.relinked(account), 0, 0, withscores=True)
        pipeline.zrange(keys.rereads(account), 0, 0, withscores=True)
        pipeline.hvals(keys.comparisons(account))
        time, position, relinked, rereads, compared = pipeline.execute()
    now = as_seconds(*time)
    return Agenda(
        now=now,
        asking=asking.read(position),
        relinked_at=_first(relinked),
        reread_at=_first(rereads),
        comparison=comparisons.pending(compared, now=now),
    )


def _first(rows: Sequence[tuple[bytes, float]]) -> float | None:
    return float(rows[0][1]) if rows else None
