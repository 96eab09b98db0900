"""What differs between two revisions of a call, value by value, for people who decide whether to publish. Pure."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from telephony.events import NEWS, CallData, changed

_WHOSE: Final = "accountId"
"""What is the same in whatever is told of a call, and no news of it."""


class Difference(msgspec.Struct, frozen=True):
    """One value that differs: its place in `data`, what it was, and what it is."""

    field: str
    before: Any
    after: Any


def differences(before: CallData | None, after: CallData) -> tuple[Difference, ...]:
    """Give every value in which two revisions differ; with nothing before, every value there is."""
    new: dict[str, Any] = msgspec.to_builtins(after)
    if before is None:
        told = (name for _, name in NEWS if name != _WHOSE)
        return tuple(Difference(name, None, new[name]) for name in told if new[name] not in (None, ()))
    old: dict[str, Any] = msgspec.to_builtins(before)
    return tuple(one for name in changed(before, after) for one in _within(name, old[name], new[name]))


def _within(place: str, old: Any, new: Any) -> Iterator[Difference]:
    """Go down to the values that differ; lists of different lengths are told whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _within(f"{place}.{name}", old.get(name), new.get(name))
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _within(f"{place}[{index}]", *pair)
    else:
        yield Difference(place, old, new)
