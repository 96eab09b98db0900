"""RingOuts: place one, follow one, see what became of it, cancel it.

This process has no credentials: it stores what is asked for and waits a moment for the worker's word, so that what
RingCentral has against a request is told in the answer (docs/adr/0018-a-ringout-is-placed-once.md).
"""

import re
from typing import Annotated, Final

from flask import Blueprint, Response, request
from msgspec import Meta
from redis import Redis

from runtime import ringout_wishes, ringouts
from runtime.newest_first import NotThere
from runtime.ringout_documents import RingOutDocument, refused_because, ringout_document
from runtime.ringout_wishes import KeyReused, RecordGone
from runtime.ringouts import CANCEL_MEANINGS, Cancel, Placing, RingOut
from runtime.settings import Settings
from telephony.ringout_request import Wish, faults
from web.access.trail import note
from web.api import asked
from web.api.answers import Page, answer, nothing, page
from web.api.described import described
from web.api.problems import CONFLICT, INVALID, KEY_REUSED, NOT_FOUND, NOT_PLACED, Fault, Problem

WAIT_SECONDS: Final = 2.0
"""How long an answer waits for RingCentral's. Longer, and a slow RingCentral would take the API's threads."""

LONGEST_KEY: Final = 255
_ID: Final = re.compile(r"ro-[0-9a-f]{16}", re.ASCII)


class FromRingOut(asked.OfAccount, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which RingOuts are asked for."""

    after: (
        Annotated[str, Meta(description="The `next` of the answer before.", pattern=f"^{_ID.pattern}{asked.END}")]
        | None
    ) = None


def add_routes(api: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/ringouts`."""
    accounts = [account.name for account in settings.accounts]

    @api.post("/ringouts")
    @described(
        "Place a RingOut, or with `ringOutId` follow one that was placed elsewhere; see [RingOuts](../ringout.md).",
        body=Wish,
        headers={
            "Idempotency-Key": "The same key, the same RingOut: it is placed once however often it is asked for. "
            "Each account has keys of its own."
        },
        answers={201: RingOutDocument},
        problems=(CONFLICT, KEY_REUSED, NOT_PLACED),
    )
    def place_ringout() -> Response:
        wish = asked.body_as(Wish)
        asked.refuse_wrong(faults(wish))
        note("place" if wish.call else "follow")
        made = _asked(redis, _account(accounts, wish), wish, retention=settings.retention_seconds)
        made = ringout_wishes.settled(redis, made, wait=WAIT_SECONDS)
        _tell_refusal(made)
        where = f"{api.url_prefix}/ringouts/{made.id}"
        return answer(ringout_document(redis, made), 201, headers={"Location": where})

    @api.get("/ringouts")
    @described(
        "The RingOuts, those asked for last first.", parameters=FromRingOut, answers={200: Page[RingOutDocument]}
    )
    def list_ringouts() -> Response:
        wanted = asked.parameters_as(FromRingOut)
        among = asked.accounts(accounts, wanted.account)
        try:
            shown, following = ringouts.page(redis, among, after=wanted.after, limit=wanted.limit)
        except NotThere as error:
            raise asked.wrong_parameter("after", "names no RingOut (any more)") from error
        return page([ringout_document(redis, one) for one in shown], following)

    @api.get("/ringouts/<ringout_id>")
    @described("One: its `live` status, its sessions, its `outcome`.", answers={200: RingOutDocument})
    def show_ringout(ringout_id: str) -> Response:
        return answer(ringout_document(redis, _found(redis, accounts, ringout_id)))

    @api.delete("/ringouts/<ringout_id>")
    @described(
        "Cancel one that is not connected; with 202 that is not known yet.",
        answers={202: RingOutDocument, 204: None},
        problems=(CONFLICT,),
    )
    def cancel_ringout(ringout_id: str) -> Response:
        one = _found(redis, accounts, ringout_id)
        if one.may_be_cancelled:
            ringout_wishes.cancel(redis, one)
            one = ringout_wishes.cancelled(redis, one, wait=WAIT_SECONDS)
        if one.cancel is None and one.placing not in ringouts.NEVER_PLACED:
            return answer(ringout_document(redis, one), 202)
        if one.cancel is Cancel.CANCELLED:
            return nothing()
        raise Problem(CONFLICT, _why_not_cancelled(one))


def _account(accounts: list[str], wish: Wish) -> str:
    """Say who calls: the only account there is, or the one that is named."""
    if wish.account is None and len(accounts) == 1:
        return accounts[0]
    if wish.account in accounts and wish.account is not None:
        return wish.account
    why = "names no account of the settings" if wish.account else "is needed: there are several accounts"
    raise Problem(INVALID, f"/account {why}", faults=[Fault(why, pointer="/account")])


def _asked(redis: Redis, account: str, wish: Wish, *, retention: float) -> RingOut:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Problem(INVALID, f"Idempotency-Key must have 1 to {LONGEST_KEY} characters.")
    try:
        return ringout_wishes.ask(
            redis,
            account,
            retention=retention,
            call=wish.call,
            ring_out_id=wish.follows,
            extension=wish.extension,
            key=key,
        )
    except RecordGone as error:
        why = "It was asked for before, and its record is gone. Another Idempotency-Key has it done anew."
        raise Problem(CONFLICT, why) from error
    except KeyReused as error:
        if key is None:
            why = f"It is followed already, as {error}, by another extension. An Idempotency-Key has it done anew."
            raise Problem(CONFLICT, why) from error
        raise Problem(KEY_REUSED, "Use a new Idempotency-Key for each new RingOut.") from error


def _tell_refusal(made: RingOut) -> None:
    """Raise Problem when RingCentral has refused it, with its codes and what can be done about it."""
    why = refused_because(made)
    if why is None:
        if made.placing is Placing.WITHDRAWN:
            raise Problem(NOT_PLACED, "It was cancelled before it was placed.")
        return
    codes = ", ".join(made.codes)
    detail = f"{why.detail} ({codes})" if codes else why.detail
    raise Problem(NOT_PLACED, detail, faults=[Fault(why.detail, pointer=why.pointer)] if why.pointer else ())


def _why_not_cancelled(one: RingOut) -> str:
    if one.cancel is None:
        return "It was never placed."
    codes = f" ({', '.join(one.codes)})" if one.cancel is Cancel.REFUSED and one.codes else ""
    return CANCEL_MEANINGS[one.cancel] + codes


def _found(redis: Redis, accounts: list[str], ringout_id: str) -> RingOut:
    one = ringouts.get(redis, accounts, ringout_id) if _ID.fullmatch(ringout_id) else None
    if one is None:
        raise Problem(NOT_FOUND, "There is no such RingOut, or it was too long ago.")
    return one
