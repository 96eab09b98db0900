"""What every kind of replay works with: the replay, its account's stage and means, and how a step of it ends."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from runtime import bells, faults
from runtime.bells import Stage
from runtime.budget import Group, Share
from runtime.clocks import redis_time
from runtime.leases import Command, Lease
from runtime.replays import Progress, Replay
from workers.dependencies import Dependencies
from workers.replaying.borrowed import borrowed
from workers.resolving.cases import TOGETHER, Case, Judged
from workers.resolving.judgement import Judge
from workers.resolving.telling import tell
from workers.ringcentral.errors import RingCentralError

HANDFUL: Final = 10
"""Calls for which somebody waits; more than these take only what the budget has to spare."""

UNSAID_PAUSE: Final = 1.0
"""Where there was no request for the past, and the budget says that there is one by now."""

PutTogether = Callable[[Sequence[str]], list[Case]]
"""Gives all that is known of some calls."""

Follows = Callable[[Sequence[Case], Sequence[Judged]], list[Command]]
"""Gives what else is committed with their judgement."""


class Step(msgspec.Struct, frozen=True):
    """How a step ended: how far the replay has come, what else to commit, and when it goes on (seconds).

    With an `error`, which is what RingCentral answered instead, that says whether it goes on, and when; but not before
    `again_at`.
    """

    progress: Progress
    commands: tuple[Command, ...] = ()
    again_at: float | None = None
    error: RingCentralError | None = None


class Errand:
    """One replay in the hands of its runner."""

    def __init__(self, replay: Replay, made: Dependencies, held: Lease) -> None:
        self.replay = replay
        self.account = replay.account
        self.redis = made.redis
        self.settings = made.settings
        self.made = made
        self._lease = held
        self._judge = Judge(self.account, made.redis, made.settings, made.recorder)

    @property
    def share(self) -> Share:
        """For whom requests are sent."""
        return Share.INTERACTIVE if (self.replay.progress.total or HANDFUL + 1) <= HANDFUL else Share.BACKFILL

    def pause(self, share: Share) -> float:
        """Say in how many seconds the budget has a request for the past: a moment later live calls have taken it."""
        return self.made.budget(self.account).want(Group.HEAVY, share) or UNSAID_PAUSE

    def keep(self) -> None:
        """Keep the stage while waiting for others."""
        self._lease.commit(bells.keep(Stage.REPLAY, self.account, redis_time(self.redis)))

    def note(self, commands: Sequence[Command]) -> None:
        """Commit what concerns only the replay."""
        self._lease.commit(commands)

    def judge(self, ids: Sequence[str], cases: PutTogether, then: Follows) -> None:
        """Judge calls and commit that together with what follows from it; `cases` puts together what is known of them.

        In a dry run only what follows is committed.
        """
        for start in range(0, len(ids), TOGETHER):
            together = ids[start : start + TOGETHER]
            self.keep()
            if self.replay.asked.dry_run:
                known = cases(together)
                self.note(then(known, self._judged(known)))
                continue
            with borrowed(self.redis, self.account, Stage.RESOLVE, self.made.stopping) as held:
                known = cases(together)
                judged = self._judged(known)
                commands = dict.fromkeys(command for one in judged for command in one.commands)
                entered = self._judge.entered(known, now=redis_time(self.redis))
                faults.point("replay.judged")
                held.commit([*commands, *entered, *then(known, judged)])
                faults.point("replay.published")
            tell(self.account, judged, self.made.recorder)

    def _judged(self, cases: Sequence[Case]) -> list[Judged]:
        now = redis_time(self.redis)
        return [self._judge.judged(case, now=now) for case in cases]
