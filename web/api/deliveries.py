"""What becomes of the events of a destination: its attempts, a test, and sending again what failed."""

import re
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response
from redis import Redis

from runtime import attempts, redrive
from runtime.destination_documents import attempt_document
from runtime.redrive import MOST_PER_SECOND, Redrive
from web.api import asked
from web.api.answers import answer, page
from web.api.destinations import found, known

_PLACE: Final = re.compile(r"\d{1,15}-\d{1,15}", re.ASCII)


class Blame(StrEnum):
    """Whose fault a failed attempt was."""

    THEIRS = "theirs"
    OURS = "ours"
    NETWORK = "network"
    CONFIGURATION = "configuration"


Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Again(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to send again: what failed and was never taken later, or everything; by publication, by blame.

    With `dry_run` it is only counted.
    """

    since: Moment | None = None
    until: Moment | None = None
    blame: tuple[Blame, ...] = ()
    everything: bool = False
    per_second: Annotated[float, msgspec.Meta(gt=0, le=MOST_PER_SECOND)] = 50.0
    dry_run: bool = False

    @property
    def selection(self) -> Redrive:
        """The same as the destination's stage understands it."""
        return Redrive(
            since=_seconds(self.since),
            until=_seconds(self.until),
            blame=self.blame,
            everything=self.everything,
            per_second=self.per_second,
        )


def add_routes(api: Blueprint, redis: "Redis") -> None:
    """Add `redrive`, `test` and `attempts` below a destination."""

    @api.post("/destinations/<destination_id>/redrive")
    def send_again(destination_id: str) -> Response:
        again = asked.body_or(Again())
        ask = partial(redrive.redrive, redis, destination_id, again.selection, dry_run=again.dry_run)
        count = known(ask)
        return answer({"count": count, "dryRun": again.dry_run}, 200 if again.dry_run else 202)

    @api.post("/destinations/<destination_id>/test")
    def send_test(destination_id: str) -> Response:
        event_id = known(partial(redrive.send_test, redis, destination_id))
        return answer({"id": event_id}, 202)

    @api.get("/destinations/<destination_id>/attempts")
    def list_attempts(destination_id: str) -> Response:
        asked.know_parameters("after", "limit")
        limit, after = asked.limit(), asked.after(_PLACE)
        found(redis, destination_id)
        read = attempts.page(redis, destination_id, after=after, limit=limit)
        return page([attempt_document(one) for one in read.items], read.next)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
