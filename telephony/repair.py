"""Repair what is nearly a call-log record: the rare body that is not written as the schema says.

Slow and generous, and only for what the typed decoder has refused: one name with a broken character, one id written
as a number, must not cost the outcome of a call. Of a notification, broken characters alone are repaired.
"""

import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from telephony.times import iso_ms, parse_time

_MAX_INTEGER_DIGITS: Final = 18
_LONGEST: Final = 10**12
"""Of a duration, as in `records.Count`."""


class RepairError(ValueError):
    """There is nothing to repair: this is not JSON, or not an object."""


def tidied(body: bytes) -> bytes:
    """Write JSON anew so that every reader takes it: broken characters replaced, numbers beyond reason made null.

    Raises RepairError when the body is not JSON at all.
    """
    try:
        value = json.loads(
            body.decode("utf-8", "replace"),
            parse_constant=_nothing,
            parse_float=_finite,
            parse_int=_bounded,
        )
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError) as error:
        raise RepairError(f"not JSON: {error}") from error


def repaired(body: bytes) -> dict[str, Any]:
    """Read one record as plain values, each field that can be brought into its documented form brought there.

    A field of no use (null, a time that is none, a duration that none has) is left out, which every reader of a record
    must expect anyway.
    """
    value = json.loads(tidied(body))
    if not isinstance(value, dict):
        raise RepairError(f"a record is an object, not {type(value).__name__}")
    try:
        return _fields(value)
    except RecursionError as error:
        raise RepairError("nested too deeply") from error


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    mended = ((key, _mend(key, item)) for key, item in value.items())
    return {key: item for key, item in mended if item is not None}


def _mend(key: str, item: Any) -> Any:
    if isinstance(item, dict):
        return _fields(item)
    if isinstance(item, list):
        return [element for element in (_mend(key, element) for element in item) if element is not None]
    mend = _MEND_BY_FIELD.get(key)
    return mend(item) if mend else item


def _text(item: Any) -> Any:
    return str(item) if isinstance(item, int | float) and not isinstance(item, bool) else item


def _time(item: Any) -> str | None:
    moment = parse_time(item) if isinstance(item, str) else None
    return iso_ms(moment) if moment else None


def _whole(item: Any) -> int | None:
    try:
        number = round(float(item))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= _LONGEST else None


def _nothing(_constant: str) -> None:
    """NaN and the infinities are not JSON, and say nothing."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _bounded(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_INTEGER_DIGITS else None


_MEND_BY_FIELD: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "id": _text,
        "sessionId": _text,
        "telephonySessionId": _text,
        "partyId": _text,
        "extensionId": _text,
        "extensionNumber": _text,
        "phoneNumber": _text,
        "dialedPhoneNumber": _text,
        "dialerPhoneNumber": _text,
        "result": _text,
        "startTime": _time,
        "lastModifiedTime": _time,
        "duration": _whole,
        "durationMs": _whole,
    }
)
