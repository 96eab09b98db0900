"""Completeness: where each call we know of stands, told from what is stored of it. Pure.

Every call is in exactly one of the places below, or it is unexplained, and then there is a sentence that says why. So
for any time: known = published + open + waiting + unresolved + suppressed + unexplained, and the last must be none.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec


class Standing(StrEnum):
    """Where a call stands."""

    PUBLISHED = "published"
    OPEN = "open"
    WAITING = "waiting"
    UNRESOLVED = "unresolved"
    SUPPRESSED = "suppressed"
    UNEXPLAINED = "unexplained"


MEANINGS: Final = {
    Standing.PUBLISHED: "Its outcome, confirmed by the call log, is in the outcome log.",
    Standing.OPEN: "It goes on, or its end was not told yet; what is silent for too long is looked up.",
    Standing.WAITING: "It is over, and its record is awaited; or its record is there and its notifications are.",
    Standing.UNRESOLVED: "The record did not come in time. That was published; the call is looked at again for a day.",
    Standing.SUPPRESSED: "Nothing shall be told of it, for the reason that is noted: it was erased, for example.",
    Standing.UNEXPLAINED: "None of these. This must not be: it is told with the reason, and taken up again.",
}


class Evidence(msgspec.Struct, frozen=True):
    """What is stored of one call, each part written for itself.

    `state` and `revision` are what its resolution says, `published` the last revision in the outcome log. `is_due`: the
    call log is to be asked about it; `is_open`: it is in the list of those that go on; `has_ended`: what the
    notifications say, None where there were none; `listed`: RingCentral's log has shown it.
    """

    state: str | None = None
    revision: int = 0
    published: int | None = None
    is_due: bool = False
    is_open: bool = False
    is_suppressed: bool = False
    has_ended: bool | None = None
    listed: bool = False


class Rule(msgspec.Struct, frozen=True):
    """One row: when it applies, where the call stands then, and why it is unexplained, if it is."""

    applies: Callable[[Evidence], bool]
    standing: Standing
    because: str = ""


def _resolved(call: Evidence) -> bool:
    return call.state == "resolved"


def _in_the_log(call: Evidence) -> bool:
    return call.revision > 0 and call.published is not None and call.published >= call.revision


_LOST: Final = Standing.UNEXPLAINED

RULES: Final = (
    Rule(lambda call: call.is_suppressed, Standing.SUPPRESSED),
    Rule(lambda call: _resolved(call) and _in_the_log(call), Standing.PUBLISHED),
    Rule(_resolved, _LOST, "it is resolved, but the outcome log does not have its outcome"),
    Rule(lambda call: call.state == "unresolved" and _in_the_log(call), Standing.UNRESOLVED),
    Rule(lambda call: call.is_due, Standing.WAITING),
    Rule(lambda call: call.is_open, Standing.OPEN),
    Rule(lambda call: call.state == "unresolved", _LOST, "it is given up, but the outcome log does not say so"),
    Rule(lambda call: call.has_ended is True, _LOST, "it has ended, and nobody looks for its record"),
    Rule(lambda call: call.has_ended is False, _LOST, "it has not ended, and nobody waits for its end"),
    Rule(lambda call: call.listed, _LOST, "the call log has shown it, and nothing came of it"),
    Rule(lambda _: True, _LOST, "nothing is left of it but its place in the list of calls"),
)
"""The first row that applies decides."""


def standing(call: Evidence) -> tuple[Standing, str]:
    """Say where a call stands; and why it is unexplained, if it is."""
    rule = next(rule for rule in RULES if rule.applies(call))
    return rule.standing, rule.because
