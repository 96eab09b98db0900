"""What the checks of a soak find."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

_SHOWN: Final = 5


class Finding(Struct, frozen=True):
    """What one check found."""

    check: str
    held: bool
    detail: str


def finding(check: str, faults: Iterable[str], good: str) -> Finding:
    """Tell of the first few faults; where there is none, of what was good."""
    found = list(faults)
    told = "; ".join(found[:_SHOWN]) + f" ({len(found)} in all)" * (len(found) > _SHOWN)
    return Finding(check, not found, told or good)


def all_held(findings: Sequence[Finding]) -> bool:
    """Say whether every promise held."""
    return all(one.held for one in findings)
