"""Replays: have calls looked at again or their events sent again, see what would change, how far it is, and stop it."""

import re
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response
from redis import Redis

from runtime import replays
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.newest_first import NotThere
from runtime.replay_documents import FindingDocument, ReplayDocument, finding_document, replay_document
from runtime.replays import Asked, Level, Replay
from runtime.settings import Settings
from runtime.showing import calls
from telephony.search_terms import spellings
from telephony.selection import Selection, Traits
from web.access.trail import note
from web.api import asked
from web.api.answers import Page, answer, page
from web.api.described import described
from web.api.problems import INVALID, NOT_FOUND, Fault, Problem

MOST_CALLS: Final = 5000
_ID: Final = re.compile(r"rpl_[0-9a-f]{12}", re.ASCII)
_AFTER: Final = f"^{_ID.pattern}{asked.END}"

CallId = Annotated[str, msgspec.Meta(pattern=rf"^\S{{1,200}}{asked.END}")]


class ReplayLevel(StrEnum):
    """How far back a replay begins."""

    DELIVER = "deliver"
    REFETCH = "refetch"
    RAW = "raw"


class ReplayWish(Traits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls to replay and how. What is named must all be true of a call; with `calls` only those are meant."""

    level: ReplayLevel
    calls: Annotated[tuple[CallId, ...], msgspec.Meta(max_length=MOST_CALLS)] = ()
    since: asked.Moment | None = None
    until: asked.Moment | None = None
    dry_run: bool = False
    account: str | None = None

    @property
    def selection(self) -> Selection:
        """The same as the replay stage understands it."""
        return Selection(
            calls=self.calls,
            since=asked.seconds(self.since),
            until=asked.seconds(self.until),
            **{name: getattr(self, name) for name in Traits.__struct_fields__},
        )


class FromReplay(asked.OfAccount, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which replays are asked for."""

    after: Annotated[str, msgspec.Meta(description="The `next` of the answer before.", pattern=_AFTER)] | None = None


class FromCall(asked.Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which calls of a replay are asked for."""

    after: Annotated[CallId, msgspec.Meta(description="The `next` of the answer before.")] | None = None


def add_routes(api: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/replays`."""
    accounts = [account.name for account in settings.accounts]

    @api.post("/replays")
    @described(
        "Look at calls again, or send their events again; `dryRun` only says what would change.",
        body=ReplayWish,
        answers={201: ReplayDocument},
    )
    def ask_for_replay() -> Response:
        wished = asked.body_as(ReplayWish)
        _judge(redis, wished)
        account = _account(redis, accounts, wished)
        note(f"{wished.level}{', dry run' if wished.dry_run else ''}")
        made = replays.create(
            redis,
            account,
            Asked(level=Level(wished.level), selection=wished.selection, dry_run=wished.dry_run),
        )
        where = f"{api.url_prefix}/replays/{made.id}"
        return answer(_document(redis, made), 201, headers={"Location": where})

    @api.get("/replays")
    @described("The replays, the newest first.", parameters=FromReplay, answers={200: Page[ReplayDocument]})
    def list_replays() -> Response:
        wanted = asked.parameters_as(FromReplay)
        among = asked.accounts(accounts, wanted.account)
        try:
            shown, following = replays.page(redis, among, after=wanted.after, limit=wanted.limit)
        except NotThere as error:
            raise asked.wrong_parameter("after", "names no replay (any more)") from error
        return page([_document(redis, one) for one in shown], following)

    @api.get("/replays/<replay_id>")
    @described("One, and how far it is.", answers={200: ReplayDocument})
    def show_replay(replay_id: str) -> Response:
        return answer(_document(redis, _found(redis, accounts, replay_id)))

    @api.get("/replays/<replay_id>/changes")
    @described(
        "What it changed, or with `dryRun` would change.", parameters=FromCall, answers={200: Page[FindingDocument]}
    )
    def list_changes(replay_id: str) -> Response:
        wanted = asked.parameters_as(FromCall)
        one, limit = _found(redis, accounts, replay_id), wanted.limit
        found = replays.findings(redis, one.account, one.id, after=wanted.after or "", most=limit + 1)
        following = found[limit - 1].call if len(found) > limit else None
        return page([finding_document(each) for each in found[:limit]], following)

    @api.delete("/replays/<replay_id>")
    @described("Stop it; what is done stays done.", answers={200: ReplayDocument})
    def cancel_replay(replay_id: str) -> Response:
        one = _found(redis, accounts, replay_id)
        return answer(_document(redis, replays.cancel(redis, one.account, one.id) or one))


def _judge(redis: Redis, wished: ReplayWish) -> None:
    """Refuse what means everything without saying so or nothing at all, and a destination that is not there."""
    if wished.selection.is_everything:
        why = "name calls, or say which: a time (`since`), a number, an outcome, `unresolved`, `failed`"
        raise Problem(INVALID, why, faults=[Fault(why, pointer="")])
    if wished.selection.is_backwards:
        asked.refuse_wrong([("/until", "is before since")])
    if wished.number is not None and not spellings(wished.number):
        asked.refuse_wrong([("/number", "holds no number")])
    if wished.destination is not None and destinations.get(redis, wished.destination) is None:
        why = "there is no such destination"
        raise Problem(INVALID, why, faults=[Fault(why, pointer="/destination")])


def _account(redis: Redis, accounts: list[str], wished: ReplayWish) -> str:
    """Say whose calls are meant: a replay is of one account."""
    if wished.account is not None:
        if wished.account in accounts:
            return wished.account
        raise _no_account("there is no account of this name")
    if len(accounts) == 1:
        return accounts[0]
    owners = [frozenset(calls.accounts_of(redis, accounts, one)) for one in wished.calls]
    if owners and len(common := frozenset.intersection(*owners)) == 1:
        return next(iter(common))
    raise _no_account("a replay is of one account: name it")


def _no_account(why: str) -> Problem:
    return Problem(INVALID, why, faults=[Fault(why, pointer="/account")])


def _found(redis: Redis, accounts: list[str], replay_id: str) -> Replay:
    one = replays.find(redis, accounts, replay_id) if _ID.fullmatch(replay_id) else None
    if one is None:
        raise Problem(NOT_FOUND, "There is no such replay, or it is too long over.")
    return one


def _document(redis: Redis, replay: Replay) -> ReplayDocument:
    return replay_document(replay, now=redis_time(redis))
