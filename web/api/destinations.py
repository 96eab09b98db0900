"""CRM webhooks: add, list, show, change and remove them, and give them new secrets."""

from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, url_for
from msgspec import UNSET, Meta
from redis import Redis

from runtime.deliveries import backlog, destinations
from runtime.deliveries.destination_documents import DestinationDocument, destination_document
from runtime.deliveries.destination_urls import why_not
from runtime.settings import Settings
from telephony.destination_faults import faults
from telephony.destinations import Changes, Destination, Draft
from web.access.trail import note
from web.api import asked
from web.api.answers import Page, answer, nothing, page
from web.api.described import described
from web.api.problems import CONFLICT, FORBIDDEN_ADDRESS, INVALID, Fault, Problem

LONGEST_OVERLAP: Final = 30 * 86400.0
_ID: Final = f"^[A-Za-z0-9_-]{{1,64}}{asked.END}"


class Rotation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How a secret is replaced: for how long the one before still signs, beside the new one."""

    overlap_seconds: float = destinations.OVERLAP_SECONDS


class FromOne(asked.Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which destinations are asked for."""

    after: Annotated[str, Meta(description="The `next` of the answer before.", pattern=_ID)] | None = None


class MadeDestination(Destination, frozen=True, kw_only=True, rename="camel"):
    """A destination that was made just now, with its secret."""

    secret: str


class NewSecret(msgspec.Struct, frozen=True):
    """A destination's new secret."""

    id: str
    secret: str


def add_routes(api: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/destinations` and `/destinations/<id>`."""
    _add_list(api, settings, redis)
    _add_one(api, settings, redis)
    _add_rotation(api, settings, redis)


def _add_list(api: Blueprint, settings: Settings, redis: Redis) -> None:
    @api.get("/destinations")
    @described("The destinations, the oldest first.", parameters=FromOne, answers={200: Page[Destination]})
    def list_destinations() -> Response:
        wanted = asked.parameters_as(FromOne)
        limit, after = wanted.limit, wanted.after
        every = destinations.all(redis)
        begin = next((place for place, one in enumerate(every, start=1) if one.id == after), 0)
        if after is not None and not begin:
            raise asked.wrong_parameter("after", "names no destination (any more)")
        shown = every[begin : begin + limit]
        return page(shown, shown[-1].id if len(every) > begin + limit else None)

    @api.post("/destinations")
    @described(
        "Add one; `secret` is shown this once.",
        body=Draft,
        answers={201: MadeDestination},
        problems=(FORBIDDEN_ADDRESS, CONFLICT),
    )
    def add_destination() -> Response:
        draft = asked.body_as(Draft)
        _judge(draft, settings)
        made, secret = destinations.create(redis, draft, keys=settings.secrets_keys)
        where = url_for("api.show_destination", destination_id=made.id)
        return answer(msgspec.to_builtins(made) | {"secret": secret}, 201, headers={"Location": where})


def _add_one(api: Blueprint, settings: Settings, redis: Redis) -> None:
    @api.get("/destinations/<destination_id>")
    @described("One, and how it fares (`status`).", answers={200: DestinationDocument})
    def show_destination(destination_id: str) -> Response:
        destination = destinations.known(redis, destination_id)
        return answer(destination_document(destination, backlog.status(redis, destination_id)))

    @api.patch("/destinations/<destination_id>")
    @described(
        "Change what is named, and leave the rest.",
        body=Changes,
        answers={200: Destination},
        problems=(FORBIDDEN_ADDRESS,),
    )
    def change_destination(destination_id: str) -> Response:
        changes = asked.body_as(Changes)
        _judge(changes, settings)
        note(_what(changes))
        return answer(destinations.update(redis, destination_id, changes))

    @api.delete("/destinations/<destination_id>")
    @described("Remove it and all that is kept for it.", answers={204: None})
    def remove_destination(destination_id: str) -> Response:
        destinations.delete(redis, destination_id)
        return nothing()


def _add_rotation(api: Blueprint, settings: Settings, redis: Redis) -> None:
    @api.post("/destinations/<destination_id>/rotate")
    @described(
        "A new `secret`, shown this once.",
        body=Rotation,
        body_required=False,
        answers={200: NewSecret},
        problems=(CONFLICT,),
    )
    def rotate_secret(destination_id: str) -> Response:
        overlap = asked.body_or(Rotation()).overlap_seconds
        if not 0 <= overlap <= LONGEST_OVERLAP:
            why = f"must be from 0 to {LONGEST_OVERLAP:.0f}"
            raise Problem(INVALID, f"overlapSeconds {why}", faults=[Fault(why, pointer="/overlapSeconds")])
        secret = destinations.rotate(redis, destination_id, keys=settings.secrets_keys, overlap_seconds=overlap)
        return answer(NewSecret(destination_id, secret))


def _what(changes: Changes) -> str:
    """Name what is changed, for the trail: to what only of the state, for the rest may be addresses and numbers."""
    named = [one.encode_name for one in msgspec.structs.fields(Changes) if getattr(changes, one.name) is not UNSET]
    return ", ".join(f"{name} {changes.state}" if name == "state" else name for name in named)


def _judge(told: Draft | Changes, settings: Settings) -> None:
    """Raise Problem for what names things that are not there, and for a URL that nothing may be sent to."""
    names = frozenset(account.name for account in settings.accounts)
    asked.refuse_wrong(faults(told, names))
    why = None if told.url is UNSET else why_not(told.url, settings.allow_private_destinations)
    if why is not None:
        raise Problem(FORBIDDEN_ADDRESS, why, faults=[Fault(why, pointer="/url")])
