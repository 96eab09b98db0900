"""Silence: a call that has been open for very long without a word is looked up, and closed, or kept with the reason.

RingCentral is asked how the call stands. While it goes on, it is kept. When RingCentral does not know it any more, the
call log is asked, through resolve, which closes it with its record; and if there is no record either, track ends it.
"""

from collections.abc import Iterator
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, guarding, keys
from runtime.bells import Stage
from runtime.guarding import Guarded, Silence
from runtime.logs import log
from telephony.sessions import TERMINAL_CODES
from workers.ringcentral.errors import Forbidden, NotFound, NotSent, Refused, Unavailable, is_501, is_gone
from workers.ringcentral.telephony_sessions import TelephonySessions
from workers.stopping import Stopping

AT_ONCE: Final = 20
"""Calls looked up in one go: Light requests are 50 a minute, and others need some."""

AGAIN_SECONDS: Final = 60.0
"""How long the call log has to tell of a call that RingCentral does not know any more."""

_UNKNOWN: Final = "RingCentral does not know the call any more"
_UNTOLD: Final = "RingCentral does not say how the call stands"

SHORTEST_SECONDS: Final = 60.0
SHARE: Final = 1 / 4
"""A call that goes on, or of which RingCentral cannot tell, is looked up again after that part of the silence."""


class Silences:
    """Looks after the silent calls of one account."""

    def __init__(self, redis: Redis, account: str, sessions: TelephonySessions, *, silence_seconds: float) -> None:
        self._redis = redis
        self._account = account
        self._sessions = sessions
        self._seconds = silence_seconds

    def look(self, guarded: Guarded, *, now: float, stopping: Stopping | None = None) -> int:
        """Look at the calls that were silent for too long; give how many RingCentral was asked about.

        After a gap in the subscription, that is every call that was open before it ended; no further one once this
        process is `stopping`, for each may take RingCentral as long as it likes. Raises RingCentralError; the
        call that gave no usable answer goes behind the others then, so that it cannot hide them.
        """
        self._forget()
        asked = 0
        for one, known in self._due(guarded, now):
            if known is not None and known.gone:
                self._close(one, now)
                continue
            if asked == AT_ONCE or (stopping is not None and stopping.is_set()):
                break
            asked += 1
            try:
                self._note(one, self._looked_up(one, now))
            except NotSent:
                raise
            except Unavailable:
                self._note(one, self._later("RingCentral cannot say how the call stands", now))
                raise
        return asked

    def _due(self, guarded: Guarded, now: float) -> Iterator[tuple[str, Silence | None]]:
        heard_before = now - self._seconds
        if guarded.doubtful_before is not None and now - guarded.doubtful_before > SHORTEST_SECONDS:
            heard_before = max(heard_before, guarded.doubtful_before)
        rows = self._redis.zrange(keys.open_sessions(self._account), "-inf", heard_before, byscore=True)
        ids = [row.decode() for row in cast("list[bytes]", rows)]
        for one in ids:
            known = guarding.silence(self._redis, self._account, one)
            if known is None or not known.looked_at <= now < known.next_at:
                yield one, known

    def _looked_up(self, one: str, now: float) -> Silence:
        try:
            session = self._sessions.get(one)
        except (Forbidden, Refused):  # without this permission, the log alone tells
            return self._ask_the_log(one, _UNTOLD, now)
        except (NotFound, Unavailable) as error:
            if not (is_gone(error) or is_501(error)):
                raise
            return self._ask_the_log(one, _UNKNOWN if is_gone(error) else _UNTOLD, now)
        codes = [party.status.code for party in session.parties]
        if codes and all(code.lower() in TERMINAL_CODES for code in codes):
            return self._ask_the_log(one, "RingCentral says that all parties have left", now)
        return self._later(f"RingCentral says that it goes on: {', '.join(codes) or 'with nobody in it'}", now)

    def _later(self, found: str, now: float) -> Silence:
        return Silence(now, found, now + max(SHORTEST_SECONDS, self._seconds * SHARE))

    def _ask_the_log(self, one: str, found: str, now: float) -> Silence:
        self._redis.zadd(keys.due(self._account), {one: now}, nx=True)
        bells.ring_at(self._redis, Stage.RESOLVE, self._account, now)
        return Silence(now, f"{found}; the call log is asked", now + AGAIN_SECONDS, gone=True)

    def _close(self, one: str, now: float) -> None:
        """Have a call ended that neither RingCentral nor the call log knows, unless the log is still being asked."""
        if self._redis.zscore(keys.due(self._account), one) is not None:
            return
        if self._redis.exists(keys.session(self._account, one)):
            self._redis.zadd(keys.over(self._account), {one: now})
            bells.ring_at(self._redis, Stage.TRACK, self._account, now)
            self._note(
                one, Silence(now, "the call log has no final record either; taken as ended", now + self._seconds)
            )
        else:  # only the log told of it, and does not call it final: nobody else can
            self._note(one, self._later("the call log does not call it final yet", now))

    def _note(self, one: str, silence: Silence) -> None:
        log.info("call.silent", account=self._account, session=one, gone=silence.gone)
        self._redis.hset(keys.silences(self._account), one, msgspec.json.encode(silence))

    def _forget(self) -> None:
        """Forget what was found of calls that are not open any more."""
        noted = [name.decode() for name in cast("list[bytes]", self._redis.hkeys(keys.silences(self._account)))]
        if not noted:
            return
        scores = self._redis.zmscore(keys.open_sessions(self._account), noted)
        if gone := [one for one, score in zip(noted, scores, strict=True) if score is None]:
            self._redis.hdel(keys.silences(self._account), *gone)
