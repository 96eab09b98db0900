"""The completeness ledger: for each account and hour, where every call stands."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Final

from flask import Blueprint, Response
from msgspec import Meta
from redis import Redis

from runtime import audit, lifetimes
from runtime.audit import Hour
from runtime.audit_documents import HourDocument, hour_document
from runtime.clocks import redis_time
from runtime.settings import Settings
from web.api import asked
from web.api.answers import Page, page
from web.api.described import described

USUAL_SECONDS: Final = 86400.0
_PLACE: Final = f"^[0-9]{{1,12}}[|][A-Za-z0-9_.-]{{1,64}}{asked.END}"


class AuditAsked(asked.OfAccount, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which hours are asked for; without more, the last day of all accounts."""

    after: Annotated[str, Meta(description="The `next` of the answer before.", pattern=_PLACE)] | None = None
    since: Annotated[asked.Moment, Meta(description="Hours from then on; usually since a day ago.")] | None = None
    until: Annotated[asked.Moment, Meta(description="Hours until then.")] | None = None


def add_routes(api: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `GET /audit`."""
    names = sorted(account.name for account in settings.accounts)

    @api.get("/audit")
    @described(
        "The completeness ledger: for each account and hour, where every call stands.",
        parameters=AuditAsked,
        answers={200: Page[HourDocument]},
    )
    def show_audit() -> Response:
        wanted = asked.parameters_as(AuditAsked)
        asked.judge_stretch(wanted.since, wanted.until)
        limit, after = wanted.limit, wanted.after
        now = redis_time(redis)
        since = wanted.since.timestamp() if wanted.since else now - USUAL_SECONDS
        until = wanted.until.timestamp() if wanted.until else now
        since, until = max(since, lifetimes.kept_since(redis, settings.retention_seconds, now=now)), min(until, now)
        every = _rows(redis, asked.accounts(names, wanted.account), since=since, until=until, after=after)
        rows = (row for row in every if _place(*row) != after)
        shown = list(islice(rows, limit))
        more = next(rows, None) is not None
        following = _place(*shown[-1]) if more else None
        return page([hour_document(account, hour) for account, hour in shown], following)


def _rows(
    redis: Redis, accounts: Sequence[str], *, since: float, until: float, after: str | None
) -> Iterator[tuple[str, Hour]]:
    """Give the hours of one account after the other, beginning with the one `after` is of."""
    of, begin = (after or "").rpartition("|")[2], float((after or "0").partition("|")[0])
    for account in accounts:
        first = max(since, begin) if account == of else since
        if account >= of and first <= until:
            yield from ((account, hour) for hour in audit.hours(redis, account, since=first, until=until))


def _place(account: str, hour: Hour) -> str:
    return f"{hour.since:.0f}|{account}"
