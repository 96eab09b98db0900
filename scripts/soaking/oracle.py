"""The oracle: judge, after all faults are over, whether everything that was promised held.

Each check looks at one thing and names what it found; `detail` says it in a sentence, with the first few offenders.
"""

from collections.abc import Callable
from typing import Final

from scripts.soaking import calm, crm_checks, inbox_checks, outcome_checks, process_checks, strangers
from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding
from scripts.soaking.plant import Plant
from scripts.soaking.subscription import guarded

CHECKS: Final[tuple[Callable[[Plant, Course], Finding], ...]] = (
    outcome_checks.outcomes,
    outcome_checks.once,
    outcome_checks.news,
    outcome_checks.ends,
    outcome_checks.recordings,
    inbox_checks.answered_soon,
    inbox_checks.stored,
    inbox_checks.read_whole,
    inbox_checks.left_behind,
    inbox_checks.conserved,
    outcome_checks.heard_by_a_group,
    crm_checks.delivered,
    crm_checks.bodies,
    crm_checks.needless,
    crm_checks.order,
    outcome_checks.links,
    process_checks.orphans,
    process_checks.forged,
    calm.recovery,
    calm.rest,
    lambda plant, _: guarded(plant),
    lambda plant, _: strangers.answered(plant),
    process_checks.logs,
    process_checks.command_lines,
    crm_checks.canary,
    process_checks.restarts,
    calm.undisturbed,
    process_checks.memory,
)


def judge(plant: Plant, course: Course) -> tuple[Finding, ...]:
    """Make every check."""
    return tuple(check(plant, course) for check in CHECKS)
