"""Ask the call log again about calls, as few times as will do, and publish what it says now if that differs.

With the level `raw` the notifications that the inbox still holds are folded anew before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

import msgspec

from runtime import faults, keys, ledger, replays
from runtime.asking import Asking
from runtime.budget import Share
from runtime.leases import Command
from runtime.ledger import Tracked
from runtime.replays import Finding, Level, Progress
from telephony.differences import differences
from telephony.events import Trigger
from telephony.fetch_plan import LookUp, Request, Wanted
from telephony.times import moment_at
from workers.replaying.refolding import refolded, restore
from workers.replaying.replay_choice import UNKNOWN
from workers.replaying.replay_errand import Errand, Step
from workers.replaying.replay_turns import LONG_AGO, next_request, without_answer
from workers.resolving import casebook
from workers.resolving.cases import Case, Judged, News
from workers.resolving.older_ids import OlderIds
from workers.resolving.pacing import PARKED_SECONDS
from workers.resolving.patience import take_patiently
from workers.resolving.sweep import Sweep, Sweeper, was_there
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.feeds import CallLogFeed

MOST: Final = 2000
"""Calls looked at in one step."""

EDGE: Final = timedelta(seconds=5)
"""A call that began so near to the edge of a window may have its record outside of it."""


class Refetch:
    """Looks at calls anew."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand

    def step(self, now: float) -> Step:
        """Make the request that answers the most, and judge all calls it answers."""
        errand = self._errand
        wanted = self._wanted(now)
        before = errand.replay.progress
        density = _asking(before).density_for(errand.share, now=now)
        request = next_request([*wanted.values()], before.unanswered, density=density, now=now)
        found = self._ask(request, list(wanted), now)
        faults.point("replay.asked")
        progress = msgspec.structs.replace(
            before,
            requests=before.requests + len(found.answered),
            density=found.asking.past_density,
            late=found.asking.late.get(Share.BACKFILL),
            why=None,
        )
        answered = [one for one, wish in wanted.items() if _is_answered(found, wish)]
        if answered:
            self._judge(answered, found)
            return Step(progress, again_at=now)
        if (error := found.stopped_by or found.past_stopped_by) is not None:
            if was_there(error):
                unanswered = without_answer(before.unanswered, request)
                progress = msgspec.structs.replace(progress, unanswered=unanswered)
            rest = PARKED_SECONDS if isinstance(request, LookUp) and was_there(error) else 0.0
            return Step(progress, error=error, again_at=now + rest)  # the next window, if any, reaches half as far
        return Step(msgspec.structs.replace(progress, why="budget"), again_at=now + errand.pause(errand.share))

    def _wanted(self, now: float) -> dict[str, Wanted]:
        name = keys.replay_calls(self._errand.account, self._errand.replay.id)
        rows = cast("list[tuple[bytes, float]]", self._errand.redis.zrange(name, 0, MOST - 1, withscores=True))
        return {one.decode(): Wanted(one.decode(), _began(float(start), now)) for one, start in rows}

    def _ask(self, request: Request, ids: Sequence[str], now: float) -> Sweep:
        errand = self._errand
        client = errand.made.ringcentral(errand.made.account(errand.account))
        older_ids = OlderIds(errand.redis, errand.account, ledger.tracked(errand.redis, errand.account, ids))
        asking = _asking(errand.replay.progress)
        sweeper = Sweeper(CallLog(client), CallLogFeed(client), asking, older_ids.session_of)
        answers = sweeper.carry_out([(request, errand.share)], since=moment_at(now), now=now)
        take_patiently(answers, errand.keep, errand.made.stopping)
        return sweeper.found

    def _judge(self, answered: Sequence[str], found: Sweep) -> None:
        errand = self._errand
        anew: dict[str, Tracked] = {}
        if errand.replay.asked.level is Level.RAW:
            anew = refolded(errand, answered)
            if not errand.replay.asked.dry_run:
                anew = restore(errand, anew)

        def cases(ids: Sequence[str]) -> list[Case]:
            return casebook.cases(
                errand.redis,
                errand.account,
                ids,
                found.records,
                by=Trigger.REPLAY,
                deliver=errand.replay.asked.deliver,
                by_sweep=found,
                refolded={one: anew[one] for one in ids if one in anew},
            )

        errand.judge(answered, cases, self._noted)

    def _noted(self, cases: Sequence[Case], judged: Sequence[Judged]) -> list[Command]:
        """Write down what was found of calls, and that they were looked at."""
        replay = self._errand.replay
        pairs = list(zip(cases, judged, strict=True))
        commands = [replays.found(replay, finding(one.news)) for _, one in pairs if one.news is not None]
        commands += [replays.missed(replay, case.telephony_session_id) for case, _ in pairs if not case.is_settled]
        return [*commands, *replays.looked_at(replay, [case.telephony_session_id for case in cases])]


def finding(news: News) -> Finding:
    """Say what is new of a call."""
    data = news.event.data
    return Finding(news.event.subject, data.revision, differences(news.before, data))


def _asking(progress: Progress) -> Asking:
    """Say what the replay has seen of how densely calls lie, and of how much RingCentral can bear."""
    late = {} if progress.late is None else {Share.BACKFILL: progress.late}
    return Asking(past_density=progress.density, late=late)


def _is_answered(found: Sweep, wish: Wanted) -> bool:
    """Say whether all records of the call were shown; they may begin a little off what the notifications said."""
    one = wish.telephony_session_id or ""
    return all(found.has_listed(one, wish.started_at + off) for off in (-EDGE, EDGE))


def _began(start: float, now: float) -> datetime:
    return moment_at(now) - LONG_AGO if start == UNKNOWN else moment_at(start)
