"""The stretches of a soak without a fault: how soon outcomes flow again in them, and who ends all the same."""

from collections.abc import Iterator
from typing import Final

from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, finding
from scripts.soaking.outcome_checks import first_outcomes
from scripts.soaking.plant import Plant

RECOVERY_SECONDS: Final = 15.0
"""A killed runner's stage waits ten seconds for its lease to run out, and its bell a few more."""


def recovery(plant: Plant, course: Course) -> Finding:
    """Say how long it took in each calm, when no fault was on any more, until outcomes were published again."""
    times = first_outcomes(plant)
    faults, longest = [], 0.0
    for over, until in _calms(course, course.played):
        took = next((time - over for time in times if time >= over), until - over)
        longest = max(longest, took)
        if took > RECOVERY_SECONDS:
            faults.append(f"{took:.1f} s, {over - course.began:.0f} s after the first call")
    return finding("outcomes flow again soon after the faults of each minute", faults, f"after {longest:.1f} s at most")


def rest(_: Plant, course: Course) -> Finding:
    """Say whether everything came to rest."""
    after = f"{course.settled_after:.0f} s after the last call"
    return finding("all comes to rest, and nothing is asked for ever", [f"not {after}"] * (not course.settled), after)


def undisturbed(plant: Plant, course: Course) -> Finding:
    """Look for processes that began anew more than once when no fault had been on for long, while all settled included.

    Once may be the end of something: a process that ends again and again is started after ten seconds at the latest.
    """
    calms = [(over + RECOVERY_SECONDS, until) for over, until in _calms(course, course.played + course.settled_after)]
    seconds = sum(until - since for since, until in calms)
    faults = [
        f"{name} began anew {len(found)} times, first {found[0] - course.began:.0f} s after the first call"
        for name, times in sorted(plant.anew.items())
        for since, until in calms
        if len(found := [at for at in times if since < at <= until]) > 1
    ]
    return finding("no process ends though nothing befalls it", faults, f"none in {seconds:.0f} s without a fault")


def _calms(course: Course, end: float) -> Iterator[tuple[float, float]]:
    """Give every stretch without a fault that is long enough to tell: when it began, and when it was over."""
    over = course.began
    for one in course.faults:
        if one.began - over > RECOVERY_SECONDS:
            yield over, one.began
        over = max(over, one.over)
    if end - over > RECOVERY_SECONDS:
        yield over, end
