"""The completeness ledger: for each account and hour, where every call stands."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from flask import Blueprint, Response, request
from redis import Redis

from runtime import audit
from runtime.audit import Hour
from runtime.audit_documents import hour_document
from runtime.clocks import redis_time
from runtime.settings import Settings
from telephony.times import parse_time
from web.api import asked
from web.api.answers import page

USUAL_SECONDS: Final = 86400.0
_PLACE: Final = re.compile(r"(?P<hour>\d{1,12})\|(?P<account>[\w.-]{1,64})", re.ASCII)


def add_routes(api: Blueprint, settings: Settings, redis: "Redis") -> None:
    """Add `GET /audit`."""

    @api.get("/audit")
    def show_audit() -> Response:
        asked.know_parameters("account", "since", "until", "after", "limit")
        limit, after = asked.limit(), asked.after(_PLACE)
        now = redis_time(redis)
        since, until = _moment("since", now - USUAL_SECONDS), _moment("until", now)
        since, until = max(since, now - settings.retention_seconds), min(until, now)
        rows = _after(_rows(redis, _accounts(settings), since=since, until=until, after=after), after)
        shown = list(islice(rows, limit))
        more = next(rows, None) is not None
        following = _place(*shown[-1]) if more else None
        return page([hour_document(account, hour) for account, hour in shown], following)


def _accounts(settings: Settings) -> list[str]:
    names = sorted(account.name for account in settings.accounts)
    wanted = request.args.get("account")
    if wanted is not None and wanted not in names:
        raise asked.wrong_parameter("account", "names no account of the settings")
    return names if wanted is None else [wanted]


def _rows(
    redis: "Redis", accounts: list[str], *, since: float, until: float, after: str | None
) -> Iterator[tuple[str, Hour]]:
    """Give the hours of one account after the other, beginning with the one `after` is of."""
    of, begin = (after or "").rpartition("|")[2], float((after or "0").partition("|")[0])
    for account in accounts:
        first = max(since, begin) if account == of else since
        if account >= of and first <= until:
            yield from ((account, hour) for hour in audit.hours(redis, account, since=first, until=until))


def _after(rows: Iterator[tuple[str, Hour]], after: str | None) -> Iterator[tuple[str, Hour]]:
    return (row for row in rows if _place(*row) != after)


def _place(account: str, hour: Hour) -> str:
    return f"{hour.since:.0f}|{account}"


def _moment(name: str, usual: float) -> float:
    text = request.args.get(name)
    moment: datetime | None = parse_time(text) if text is not None else None
    if text is not None and moment is None:
        raise asked.wrong_parameter(name, "must be a time such as 2026-11-23T15:20:00Z")
    return usual if moment is None else moment.timestamp()
