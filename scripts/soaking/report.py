"""The report of a soak, as Markdown for people and as JSON for machines."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, all_held


def document(course: Course, findings: Sequence[Finding], *, run: dict[str, Any]) -> dict[str, Any]:
    """Give everything that was found."""
    return {
        "held": all_held(findings),
        **run,
        "calls": course.calls,
        "settled": course.settled,
        "settledAfterSeconds": round(course.settled_after, 1),
        "findings": [{"check": one.check, "held": one.held, "detail": one.detail} for one in findings],
        "faults": [
            {
                "name": one.name,
                "at": one.began,
                "seconds": round(one.over - one.began, 2),
                "failure": one.failure,
                "felt": one.felt,
            }
            for one in course.faults
        ],
    }


def markdown(course: Course, findings: Sequence[Finding], *, run: dict[str, Any]) -> str:
    """Lay it out for people."""
    verdict = "everything held" if all_held(findings) else "NOT everything held"
    happened = Counter(one.name for one in course.faults if not one.failure)
    count = sum(happened.values())
    after = f"{course.settled_after:.0f} s after the last call"
    settled = f"all settled {after}" if course.settled else f"not settled {after}"
    summary = f"{course.calls:,} calls in {run['minutes']:g} minutes, {count} faults of {len(happened)} kinds"
    lines = [
        f"# Soak, seed {run['seed']}: {verdict}",
        "",
        f"{summary}; {settled}. `{run['command']}`",
        "",
        "| what must hold | held | found |",
        "|-|-|-|",
        *(f"| {one.check} | {'yes' if one.held else 'NO'} | {one.detail} |" for one in findings),
        "",
        "| fault | times | felt |",
        "|-|-|-|",
        *(f"| {name} | {count} | {_felt(course, name)} |" for name, count in sorted(happened.items())),
    ]
    return "\n".join(lines) + "\n"


def _felt(course: Course, name: str) -> str:
    """Say how often one of RingCentral's faults made a difference; of the others nobody counts that."""
    counted = [one.felt for one in course.faults if one.name == name and one.felt is not None]
    return f"{sum(counted):,}" if counted else ""
