"""Logs: facts with names and values, one a line, on standard output.

An event is named for what happened (`outcome.published`); ids go along, phone numbers, names and tokens never do.
"""

import logging
import sys
from typing import Any

import structlog

log = structlog.get_logger("legwork")
"""What every module logs through."""


def configure(*, level: str, form: str, process: str) -> None:
    """Write from now on as the settings say. `form` is json or text; `process` stands on every line."""
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s", stream=sys.stdout)
