"""How values are written for people: times, spans, numbers and names. Each is a filter of the templates."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from telephony.call_outcome import Endpoint
from telephony.times import iso_ms, moment_at, parse_time

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_NANP_LENGTH: Final = len("+12125550163")

Moment = float | str | datetime | None


def moment(value: Moment) -> datetime | None:
    """Read seconds, text or a datetime."""
    if isinstance(value, str):
        return parse_time(value)
    return moment_at(value) if isinstance(value, int | float) else value


def when(value: Moment, form: str = "time") -> Markup:
    """Write a time as an element: UTC on the page and on hover, the reader's own time once a script has seen it.

    `form` is `time` (to the second), `fine` (to the millisecond) or `day` (with the date).
    """
    at = moment(value)
    if at is None:
        return Markup("")
    text, whole = f"{at:{_FORMS[form]}}", iso_ms(at)
    shown = text[:-3] if form == "fine" else text
    return Markup('<time datetime="{}" data-form="{}" title="{:%d %b %Y %H:%M:%S} UTC">{}</time>').format(
        whole, form, at, shown
    )


def span(seconds: float | None) -> str:
    """Write how long something takes: `8 s`, `1 m 04 s`, `2 h 05 m`, `3 d 4 h`."""
    if seconds is None:
        return ""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} m {whole % _MINUTE:02} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} m"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def fine(seconds: float | None) -> str:
    """Write a short time with a digit after the point."""
    return "" if seconds is None else f"{seconds:.1f} s" if seconds < _MINUTE else span(seconds)


def ticking(since: Moment) -> Markup:
    """Write how long ago something began; a script counts on."""
    at = moment(since)
    if at is None:
        return Markup("")
    seconds = max(0.0, (datetime.now(UTC) - at).total_seconds())
    return Markup('<span class="tick" data-since="{}">{}</span>').format(int(at.timestamp()), span(seconds))


def number(text: str | None) -> str:
    """Write a phone number so that it can be read aloud; what is none stays as it is."""
    if text and text.startswith("+1") and len(text) == _NANP_LENGTH and text[1:].isdigit():
        return f"+1 {text[2:5]} {text[5:8]} {text[8:]}"
    return text or ""


def side(end: Endpoint) -> Markup:
    """Name one side of a call: the name first, for people know names; the number beside it.

    A name that is written from right to left would turn the number beside it around, were they not apart (`bdi`).
    """
    extension = f"ext. {end.extension_number}" if end.extension_number else ""
    shown = number(end.phone_number or end.raw_phone_number) or extension
    if end.name and shown:
        return Markup('<bdi class="name">{}</bdi> <bdi class="number">{}</bdi>').format(end.name, shown)
    return Markup('<bdi class="name">{}</bdi>').format(end.name or shown or "unknown")


def apart(name: str) -> str:
    """Keep a name within a sentence from turning around what stands beside it, as one from right to left would."""
    return name if name.isascii() else f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def words(text: object) -> str:
    """Write one of our words for people: no underscores."""
    return str(text).replace("_", " ")


def commands(text: str) -> Markup:
    """Write a sentence in which commands and settings stand between backticks."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in parts)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number and what is counted: `1 call`, `1,204 calls`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def pretty(value: object) -> str:
    """Write a value as JSON that is read by people."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def shown(value: Any) -> Markup:
    """Write any value of an event in a few words."""
    if value is None or value in ((), []):
        return Markup("<i>none</i>")
    if isinstance(value, dict):
        return escape(", ".join(str(one) for one in value.values() if one is not None))
    if isinstance(value, list | tuple) and isinstance(value[0], dict):
        return escape(counted(len(value), "entry", "entries"))
    if isinstance(value, list | tuple):
        return escape(", ".join(str(one) for one in value))
    return escape(words(value) if isinstance(value, str) else value)


_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {"time": "%H:%M:%S", "fine": "%H:%M:%S.%f", "day": "%d %b %H:%M:%S"}
)

FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "when": when,
        "span": span,
        "fine": fine,
        "ticking": ticking,
        "side": side,
        "words": words,
        "commands": commands,
        "counted": counted,
        "pretty": pretty,
        "shown": shown,
    }
)
