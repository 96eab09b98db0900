"""Logs: facts with names and values, one a line, on standard output.

An event is named for what happened (`outcome.published`); ids go along, phone numbers, names and tokens never do.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import IO, Any, Final, TextIO

import msgspec
import structlog

log = structlog.get_logger("legwork")
"""What every module logs through."""


_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}\b|\(?\b[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}\b")
"""Phone numbers as RingCentral writes them: E.164, or as in North America. Ids have neither plus nor separators."""


def masked(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide phone numbers. No line is given one; but what an exception says may hold one, and its traceback too."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _NUMBER.sub("<number>", value)
    return event


def takes_colours(stream: TextIO) -> bool:
    """Say whether somebody sees colours there who has not declined them (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class _Drain:
    """A stream that loses what cannot be written: a full disk, or a reader who has gone, must not end any work."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def write(self, line: Any) -> None:
        with suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(*, level: str, form: str, process: str) -> None:
    """Write from now on as the settings say. `form` is json or text; `process` stands on every line."""
    text = structlog.dev.ConsoleRenderer(colors=takes_colours(sys.stdout))
    renderer: Any = _json_line if form == "json" else text
    lines: Any = structlog.BytesLoggerFactory if form == "json" else structlog.PrintLoggerFactory
    stream: Any = _Drain(sys.stdout.buffer if form == "json" else sys.stdout)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            masked,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lines(stream),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s", stream=sys.stdout)


def _json_line(_logger: Any, _method: str, facts: dict[str, Any]) -> bytes:
    """Write one line. A busy account has two for each call, so it is not structlog's own, slower renderer."""
    try:
        return _ENCODER.encode(facts)
    except UnicodeEncodeError:  # half a character, as in a broken body
        return _ENCODER.encode({name: repr(value) for name, value in facts.items()})


_ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)
