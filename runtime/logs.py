"""Logs: facts with names and values, one a line, on standard output.

An event is named for what happened (`outcome.published`); ids go along, phone numbers, names and tokens never do.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, Any, Final, TextIO

import msgspec
import structlog

log = structlog.get_logger("legwork")
"""What every module logs through."""


_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}\b|\(?\b[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}\b")
"""Phone numbers as RingCentral writes them: E.164, or as in North America. Ids have neither plus nor separators."""


def without_numbers(text: str) -> str:
    """Hide phone numbers. Nobody writes one; but what an exception says may hold one, and its traceback too."""
    return _NUMBER.sub("<number>", text)


def masked(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide phone numbers in all that a line tells."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = without_numbers(value)
    return event


def takes_colours(stream: TextIO | None) -> bool:
    """Say whether somebody sees colours there who has not declined them (https://no-color.org)."""
    seen = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    return seen and not os.environ.get("NO_COLOR")


class _Drain:
    """A stream that loses what cannot be written: a full disk, or a reader who has gone, must not end any work.

    None is one that was closed before the process began.
    """

    def __init__(self, stream: IO[Any] | None) -> None:
        self._stream = stream

    def write(self, line: Any) -> None:
        with suppress(OSError):
            if self._stream is not None:
                self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            if self._stream is not None:
                self._stream.flush()


def configure(*, level: str, form: str, process: str) -> None:
    """Write from now on as the settings say, what libraries tell of as well.

    `form` is json or text; `process` stands on every line, whichever thread writes it.
    """

    def named(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    if isinstance(sys.stdout, TextIOWrapper):  # nor must a sign that its encoding does not have
        sys.stdout.reconfigure(errors="backslashreplace")
    text = structlog.dev.ConsoleRenderer(colors=takes_colours(sys.stdout))
    renderer: Any = _json_line if form == "json" else text
    lines: Any = structlog.BytesLoggerFactory if form == "json" else structlog.PrintLoggerFactory
    stream: Any = _Drain(sys.stdout.buffer if form == "json" and sys.stdout is not None else sys.stdout)
    made: list[Any] = [
        named,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        masked,
    ]
    structlog.configure(
        processors=[*made, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lines(stream),
        cache_logger_on_first_use=True,
    )
    _have_libraries_write(made, _json_text if form == "json" else text)


def _have_libraries_write(made: Sequence[Any], renderer: Any) -> None:
    """Have what libraries tell of, as Flask and RQ tell of exceptions, written as our own lines are."""
    formats = structlog.stdlib.ProcessorFormatter
    handler = logging.StreamHandler(_Drain(sys.stdout))
    handler.setFormatter(
        formats(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *made],
            processors=[formats.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _json_line(_logger: Any, _method: str, facts: dict[str, Any]) -> bytes:
    """Write one line. A busy account has two for each call, so it is not structlog's own, slower renderer."""
    try:
        return _ENCODER.encode(facts)
    except UnicodeEncodeError:  # half a character, as in a broken body
        return _ENCODER.encode({name: repr(value) for name, value in facts.items()})


def _json_text(logger: Any, method: str, facts: dict[str, Any]) -> str:
    return _json_line(logger, method, facts).decode()


_ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)
