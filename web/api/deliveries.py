"""What becomes of the events of a destination: its attempts, a test, and sending again what failed."""

from typing import Annotated

import msgspec
from flask import Blueprint, Response
from redis import Redis

from runtime.deliveries import attempts, destinations, redrive
from runtime.deliveries.attempts import Blame
from runtime.deliveries.destination_documents import AttemptDocument, attempt_document
from runtime.deliveries.redrive import LEAST_PER_SECOND, MOST_PER_SECOND, Redrive
from web.access.trail import note
from web.api import asked
from web.api.answers import Page, answer, page
from web.api.described import described


class Again(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to send again: what failed and was never taken later, or everything; by publication, by blame.

    With `dry_run` it is only counted.
    """

    since: asked.Moment | None = None
    until: asked.Moment | None = None
    blame: tuple[Blame, ...] = ()
    everything: bool = False
    per_second: Annotated[float, msgspec.Meta(ge=LEAST_PER_SECOND, le=MOST_PER_SECOND)] = 50.0
    dry_run: bool = False

    @property
    def selection(self) -> Redrive:
        """The same as the destination's stage understands it."""
        return Redrive(
            since=asked.seconds(self.since),
            until=asked.seconds(self.until),
            blame=self.blame,
            everything=self.everything,
            per_second=self.per_second,
        )

    @property
    def named(self) -> str:
        """Say what kind of asking it is, for the trail."""
        said = {"everything": self.everything, "dry run": self.dry_run}
        return ", ".join(word for word, is_so in said.items() if is_so)


class Counted(msgspec.Struct, frozen=True, rename="camel"):
    """How many events are sent again, or would be."""

    count: int
    dry_run: bool


class Named(msgspec.Struct, frozen=True):
    """The id of what was made."""

    id: str


def add_routes(api: Blueprint, redis: Redis) -> None:
    """Add `redrive`, `test` and `attempts` below a destination."""

    @api.post("/destinations/<destination_id>/redrive")
    @described(
        "Send again what failed.",
        body=Again,
        body_required=False,
        answers={200: Counted, 202: Counted},
    )
    def send_again(destination_id: str) -> Response:
        again = asked.body_or(Again())
        _judge(again)
        note(again.named)
        count = redrive.redrive(redis, destination_id, again.selection, dry_run=again.dry_run)
        return answer(Counted(count, again.dry_run), 200 if again.dry_run else 202)

    @api.post("/destinations/<destination_id>/test")
    @described("Have a test sent; `id` is that of its event.", answers={202: Named})
    def send_test(destination_id: str) -> Response:
        return answer(Named(redrive.send_test(redis, destination_id)), 202)

    @api.get("/destinations/<destination_id>/attempts")
    @described(
        "What was sent and what came back, the newest first.",
        parameters=asked.FromPlace,
        answers={200: Page[AttemptDocument]},
    )
    def list_attempts(destination_id: str) -> Response:
        wanted = asked.parameters_as(asked.FromPlace)
        destinations.known(redis, destination_id)
        read = attempts.page(redis, destination_id, after=wanted.after, limit=wanted.limit)
        return page([attempt_document(one) for one in read.items], read.next)


def _judge(again: Again) -> None:
    """Refuse a time that ends before it begins: that nothing failed in it would be taken for good news."""
    if again.since is not None and again.until is not None and again.until < again.since:
        asked.refuse_wrong([("/until", "is before since")])
