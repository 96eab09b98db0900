"""Carry a comparison on: the next window to ask for, what came of it, and how far it is then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from runtime import comparisons
from runtime.asking import Asking
from runtime.budget import Share
from runtime.comparisons import MOST_NAMED, Comparison, Why
from runtime.leases import Command
from runtime.ledger import State
from runtime.logs import log
from telephony.fetch_plan import Window, window_length
from telephony.narrowing import SHORTEST
from telephony.times import moment_at
from workers.resolving import reconcile
from workers.resolving.cases import Case, Judged
from workers.resolving.sweep import Sweep

LATEST: Final = 1.0
"""Seconds before now that a comparison's window ends at most."""


class Comparing:
    """The comparison that one sweep of an account goes on with, if there is any."""

    def __init__(self, account: str, one: Comparison | None) -> None:
        self._account = account
        self._one = one
        self._window: Window | None = None

    @property
    def share(self) -> Share:
        """For whom it is asked: somebody waits for the first few pages of what was asked for, nobody for the rest."""
        return Share.INTERACTIVE if self._one is not None and self._one.is_waited_for else Share.BACKFILL

    def window(self, asking: Asking, *, now: float) -> Window | None:
        """Give the next window to list: as long as a page reaches, and not into the future."""
        if self._one is None:
            return None
        begin, end = moment_at(self._one.position), moment_at(min(self._one.until, now))
        usual = window_length(asking.density_for(Share.BACKFILL, now=now), shortest=SHORTEST)
        step, length = self._one.narrowing.step, self._one.narrowing.length(usual)
        first = begin + step
        self._window = Window(first, first + length if step else max(first, min(end, first + length)))
        return self._window

    def tallied(self, cases: Sequence[Case], judged: Sequence[Judged]) -> list[Command]:
        """Count what was missing and what was healed; give the command that goes with the commit of these calls."""
        if self._one is None or self._window is None:
            return []
        ours = [(case, one) for case, one in zip(cases, judged, strict=True) if self._is_ours(case)]
        missing = [case.telephony_session_id for case, _ in ours if _is_news(case)]
        healed = sum(one.news is not None and _was_lost(case) for case, one in ours)
        if not (missing or healed):
            return []
        self._one = msgspec.structs.replace(
            self._one,
            missing=self._one.missing + len(missing),
            healed=self._one.healed + healed,
            calls=(*self._one.calls, *missing)[:MOST_NAMED],
        )
        return [comparisons.write(self._account, self._one)]

    def moved(self, found: Sweep, compared: Window | None, again: Window | None, now: float) -> list[Command]:
        """Give the commands that store how far the comparison is after a sweep: on, if its window was read whole.

        What the usual comparison passed over with the window `compared`, and what shall be compared `again`, is left to
        comparisons of their own.
        """
        passed = [] if compared is None else self._passed_over(found, compared, now)
        if again is not None:
            since, until = again.date_from.timestamp(), again.date_to.timestamp()
            passed += self._compared(f"narrowed_{int(since)}", since, until, now)
        if self._one is None or self._window is None:
            return passed
        asked = self._window
        pages = [one for one in found.answered if isinstance(one, Window) and one.date_to == asked.date_to]
        one = msgspec.structs.replace(self._one, requests=self._one.requests + len(pages))
        if reconcile.was_read(found, asked):
            passed_over = max(0.0, asked.date_from.timestamp() - one.position)
            if passed_over:
                log.warning("call_log.passed_over", account=self._account, since=one.position, seconds=passed_over)
            in_log = sum(any(_covers(asked, r.start_time) for r in records) for records in found.records.values())
            position = asked.date_to.timestamp()
            done = now if position >= one.until - LATEST else None
            one = msgspec.structs.replace(
                one,
                position=position,
                in_log=one.in_log + in_log,
                done_at=done,
                passed_over=one.passed_over + passed_over,
                narrowing=one.narrowing.answered(),
            )
        elif asked in found.past_unanswered:
            one = msgspec.structs.replace(one, narrowing=one.narrowing.unanswered(asked))
        return [*passed, comparisons.write(self._account, one)] if one != self._one else passed

    def _passed_over(self, found: Sweep, compared: Window, now: float) -> list[Command]:
        """Have a stretch looked at some more times: RingCentral had no answer for it, and has one for what follows.

        What is older than that is over: the retention has passed it.
        """
        asking, begin = found.asking, compared.date_from.timestamp()
        reached = asking.compared_from if asking.compared_to is None else asking.compared_to
        position = max(reached or 0.0, begin - asking.narrowing.step.total_seconds())
        if begin <= position or not reconcile.was_read(found, compared):
            return []
        return self._compared(f"passed_{int(position)}", position, begin, now)

    def _compared(self, name: str, since: float, until: float, now: float) -> list[Command]:
        one = Comparison(name, Why.GAP, since, until, asked_at=now, position=since)
        return [comparisons.write(self._account, one)]

    def _is_ours(self, case: Case) -> bool:
        start = case.recorded_start()
        return start is not None and self._window is not None and _covers(self._window, moment_at(start))


def _is_news(case: Case) -> bool:
    """Say whether nothing was known of a call before its record was found now."""
    return case.tracked is None and not case.seen and not case.resolution.revision


def _was_lost(case: Case) -> bool:
    """Say whether a call without an outcome did not just wait for it, as every call does: its end was not told of."""
    if case.resolution.record_seen_at is not None:
        return False
    return not case.has_ended or case.resolution.state is State.UNRESOLVED


def _covers(window: Window, start: datetime | None) -> bool:
    return start is not None and window.covers(start)
