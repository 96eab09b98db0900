"""The demonstration: RingCentral in a box plays calls, and what is published of them is held against the truth."""

import time
from collections.abc import Callable
from typing import NamedTuple

from scripts.supervisor.box import Box, BoxError, wait_until_up
from scripts.supervisor.follow import Follower
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.summary import Report, Verdict, judge, render

START_SECONDS = 60.0
LOOK_SECONDS = 0.5
SLACK_SECONDS = 120.0  # for the last call, its record, and the limits of RingCentral's Heavy group


class Play(NamedTuple):
    """Which calls are played, and whether their outcomes are checked."""

    calls: int | None
    rate: float
    seed: int
    check: bool
    timeout: float | None
    box: str = ""

    @property
    def patience(self) -> float:
        """Say how many seconds all outcomes may take, from the first call on."""
        return self.timeout or SLACK_SECONDS + 1.5 * (self.calls or 0) / self.rate

    @property
    def box_options(self) -> str:
        """Say the same in the options of `scripts/simulate.py`, and whatever else was asked of it.

        A check begins with no data. Any other run may know the calls of the seed from the last time, or from before
        the box was started again, and those played now are not the same.
        """
        calls = () if self.calls is None else (f"--calls {self.calls}",)
        fresh = () if self.check else ("--fresh-ids",)
        return " ".join((f"--seed {self.seed}", f"--rate {self.rate:g}", *calls, *fresh, self.box)).rstrip()


class Demonstration:
    """Connects RingCentral in a box with the product, and judges what is published of the calls it plays."""

    def __init__(
        self, box: Box, play: Play, *, stop: StopRequest, show: Callable[[str], None], completeness: Callable[[], str]
    ) -> None:
        """Judge by the events themselves; `completeness` says what the product makes of it by its own books."""
        self._box = box
        self._play = play
        self._stop = stop
        self._show = show
        self._completeness = completeness

    def run(self, follower: Follower, *, web_url: str, verification_token: str) -> bool:
        """Let calls come; after a check, or when that fails, ask for the end. Say whether all went well."""
        try:
            self._begin(web_url, verification_token)
            if not self._play.check:
                return True
            succeeded = self._see_through(follower)
        except BoxError as fault:
            succeeded = self._stop.wait(0) and not self._play.check  # being stopped is not a fault
            if not succeeded:
                self._show(str(fault))
        self._stop.request()
        return succeeded

    def _begin(self, web_url: str, verification_token: str) -> None:
        """Wait for both sides, and subscribe; calls come from then on."""
        wait_until_up(f"{self._box.url}/simulator/status", seconds=START_SECONDS, stop=self._stop)
        wait_until_up(f"{web_url}/healthz", seconds=START_SECONDS, stop=self._stop)
        self._box.subscribe(f"{web_url}/webhooks/ringcentral", verification_token=verification_token)

    def _see_through(self, follower: Follower) -> bool:
        """Wait until every call is reported as it should be, or patience ends; show the summary.

        The verdict is taken once more a moment later, so that what is published too often is seen as well.
        """
        started = time.monotonic()
        while not self._is_complete(self._judge(follower)):
            if time.monotonic() - started > self._play.patience or self._stop.wait(LOOK_SECONDS):
                break
        took = time.monotonic() - started
        self._stop.wait(2 * LOOK_SECONDS)
        report = self._judge(follower)
        self._show(render(report, numbers=self._numbers(report, took)))
        return self._is_complete(report)

    def _judge(self, follower: Follower) -> Report:
        return judge(self._box.truths(), follower.events())

    def _is_complete(self, report: Report) -> bool:
        return report.all_right and len(report.judgements) == self._play.calls

    def _numbers(self, report: Report, took: float) -> dict[str, str]:
        status = self._box.status()
        asked = {group: sum(by_status.values()) for group, by_status in sorted(status.requests.items())}
        return {
            "outcomes right": f"{report.count(Verdict.RIGHT)} of {len(report.judgements)}",
            "events published twice": str(len(report.repeated)),
            "completeness": self._completeness(),
            "notifications sent": str(status.webhooks["sent"]),
            "requests, by limit group": ", ".join(f"{group} {number}" for group, number in asked.items()),
            "requests refused (429)": str(status.rate_limited),
            "seconds": f"{took:.1f}",
        }
