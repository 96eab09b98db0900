"""What differs between two revisions of a call, value by value, for people who decide whether to publish. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from telephony.events import CallData, changed


class Difference(msgspec.Struct, frozen=True):
    """One value that differs: its place in `data`, what it was, and what it is."""

    field: str
    before: Any
    after: Any


def differences(before: CallData | None, after: CallData) -> tuple[Difference, ...]:
    """Give every value in which two revisions differ; with nothing before, every value there is."""
    new: dict[str, Any] = msgspec.to_builtins(after)
    if before is None:
        told = changed_from_nothing(after)
        return tuple(Difference(name, None, new[name]) for name in told if new[name] not in (None, []))
    old: dict[str, Any] = msgspec.to_builtins(before)
    return tuple(one for name in changed(before, after) for one in _within(name, old[name], new[name]))


def changed_from_nothing(data: CallData) -> tuple[str, ...]:
    """Name the fields a first revision brings, but for those that say nothing of the call."""
    nothing = {"revision", "trigger", "changed", "timing", "explanation", "rulesVersion", "accountId"}
    names = (field.encode_name for field in msgspec.structs.fields(data))
    return tuple(name for name in names if name not in nothing)


def _within(place: str, old: Any, new: Any) -> Iterator[Difference]:
    """Go down to the values that differ; lists of different lengths are told whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _within(f"{place}.{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _within(f"{place}[{index}]", *pair)
    else:
        yield Difference(place, old, new)
