"""Calls: found by what people know of them, and one with all that is known of it."""

from typing import Annotated, Final, Literal

import msgspec
from flask import Blueprint, Response
from msgspec import Meta
from redis import Redis

from runtime.deliveries import attempts
from runtime.deliveries.waiting_calls import Trouble
from runtime.ledger import State
from runtime.settings import Settings
from runtime.showing import call_document, call_history, calls
from runtime.showing.call_document import CallDocument
from runtime.showing.call_filter import Filter
from runtime.showing.call_rows import Call
from runtime.showing.calls import BadCursor
from telephony.search_terms import spellings
from telephony.words import Outcome
from web.api import asked
from web.api.answers import Page, answer, page
from web.api.described import described
from web.api.problems import NOT_FOUND, Problem

_Word = Annotated[str, Meta(min_length=1, max_length=64)]

_AS_FIRST_TOLD: Final = ", as it was first told; its record may have another `startTime`."
"""A call keeps its place among the others, so that who reads page by page misses none."""


class CallsAsked(asked.Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What calls are asked for; what is left out is anything."""

    number: (
        Annotated[
            str,
            Meta(description="From or to this number, in any spelling: +16505550101, (650) 555-0101, 020 7946 0018."),
        ]
        | None
    ) = None
    extension: Annotated[_Word, Meta(description="An extension, by its id or its number.")] | None = None
    outcome: Annotated[Outcome, Meta(description="What became of the call.")] | None = None
    direction: Annotated[Literal["Inbound", "Outbound"], Meta(description="As the company sees it.")] | None = None
    state: Annotated[State, Meta(description="How far the call has come.")] | None = None
    delivery: (
        Annotated[Trouble, Meta(description="Calls with events that wait for a destination, or that are dead letters.")]
        | None
    ) = None
    since: Annotated[asked.Moment, Meta(description=f"Begun then or later{_AS_FIRST_TOLD}")] | None = None
    until: Annotated[asked.Moment, Meta(description=f"Begun then or earlier{_AS_FIRST_TOLD}")] | None = None
    account: Annotated[_Word, Meta(description="An account, by its name in the settings.")] | None = None

    @property
    def filter(self) -> Filter:
        """The same as the index understands it."""
        return Filter(
            number=self.number,
            extension=self.extension,
            outcome=self.outcome,
            direction=self.direction,
            state=self.state,
            delivery=self.delivery,
            since=asked.seconds(self.since),
            until=asked.seconds(self.until),
        )


class CallAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose call is asked for."""

    account: (
        Annotated[_Word, Meta(description="The call's account, by its name in the settings, where two know the call.")]
        | None
    ) = None


def add_routes(api: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/calls` and `/calls/<id>`."""
    names = tuple(account.name for account in settings.accounts)

    @api.get("/calls")
    @described("Find calls, the newest first.", parameters=CallsAsked, answers={200: Page[Call]})
    def list_calls() -> Response:
        wanted = asked.parameters_as(CallsAsked)
        if wanted.number is not None and not spellings(wanted.number):
            raise asked.wrong_parameter("number", "holds no number")
        asked.judge_stretch(wanted.since, wanted.until)
        accounts = asked.accounts(names, wanted.account)
        try:
            found = calls.search(redis, accounts, wanted.filter, after=wanted.after, limit=wanted.limit)
        except BadCursor as error:
            raise asked.wrong_parameter("after", "must be the `next` of an answer") from error
        return page([row.call for row in found.items], found.next)

    @api.get("/calls/<telephony_session_id>")
    @described(
        "Show one call: all that was heard of it, published, and sent.",
        parameters=CallAsked,
        answers={200: CallDocument},
    )
    def show_call(telephony_session_id: str) -> Response:
        among = asked.accounts(names, asked.parameters_as(CallAsked).account)
        account = next(iter(calls.accounts_of(redis, among, telephony_session_id)), None)
        if account is None:
            raise Problem(NOT_FOUND, "There is no call with this telephonySessionId (any more).")
        history = call_history.read(redis, account, telephony_session_id)
        if history.is_erased:
            raise Problem(NOT_FOUND, "This call was erased: nothing is kept of it.")
        sent = attempts.of_call(redis, account, telephony_session_id)
        newest = history.events[-1] if history.events else None
        return answer(call_document.document(history, newest, sent))
