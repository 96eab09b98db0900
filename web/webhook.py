"""The webhook route: store what RingCentral says, then answer. Nothing is understood here.

RingCentral blacklists an endpoint that errs, and promises no second delivery. So an authentic body is stored whatever
it holds, a 200 means that Redis has it, and nobody is refused but strangers, giants, and everybody when storing is not
safe. A notification costs one round trip to Redis.
https://developers.ringcentral.com/guide/notifications/webhooks/receiving
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Flask, Response, request
from redis import Redis
from redis.exceptions import RedisError

from runtime import faults
from runtime.clocks import stopwatch
from runtime.inbox import Inbox
from runtime.metrics import INGEST_SECONDS, NOTIFICATIONS, Recorder
from runtime.redis_line import Line
from runtime.safety import Room
from runtime.settings import DEFAULT_ACCOUNT, Account, is_account_name
from web import answers
from web.answers import Answer
from web.api.described import described
from web.body import BrokenBody, OversizedBody, has_body, read_body
from web.refusals import Refusals
from web.verification import HANDSHAKE_HEADER, VERIFICATION_HEADER, Verifier, may_be_echoed

PATH: Final = "/webhooks/ringcentral"

NONE_OF_OURS: Final = "?"
"""Stands for every account that is none of ours, in the metrics and the log: strangers name as many as they like."""


class Endpoint(msgspec.Struct, frozen=True):
    """What the route needs of one account."""

    name: str
    verifier: Verifier
    inbox: Inbox


class Receiver:
    """Answers requests for all accounts. Works on the WSGI environment, so that it can be called from anywhere."""

    def __init__(self, accounts: tuple[Account, ...], redis: Redis, recorder: Recorder) -> None:
        line = Line(redis)
        self._room = Room(line)
        self._recorder = recorder
        self._strangers = Refusals("notification.refused", logging.WARNING)
        self._unstored = Refusals("notification.not_stored", logging.ERROR)
        self._endpoints = {
            one.name: Endpoint(one.name, Verifier(one.verification_tokens), Inbox(redis, one.name, line))
            for one in accounts
        }
        for one in accounts:  # the only one answers without its name, too, and whoever was that before others came
            if len(accounts) == 1 or one.name == DEFAULT_ACCOUNT:
                self._endpoints[""] = self._endpoints[one.name]

    @property
    def names(self) -> frozenset[str]:
        """The accounts there are, and the empty name where one of them answers without its own."""
        return frozenset(self._endpoints)

    def receive(self, account: str, environ: Mapping[str, Any]) -> Answer:
        """Answer one request, and count it."""
        started = stopwatch()
        answer = self.before_body(account, environ)
        if answer is None:
            try:
                body = read_body(environ)
            except OversizedBody:
                answer = answers.OVERSIZED
            except BrokenBody:
                answer = answers.BROKEN
            else:
                answer = self.echoed(environ, self.store(account, (body,)))
        return self.counted(account, answer, started)

    def before_body(self, account: str, environ: Mapping[str, Any]) -> Answer | None:
        """Answer what needs no body; None: it is to be read."""
        endpoint = self._endpoints.get(account)
        if endpoint is None:
            asked_for = account if is_account_name(account) else ""
            self._strangers.tell(NONE_OF_OURS, why=answers.UNKNOWN_ACCOUNT.word, asked_for=asked_for)
            return answers.UNKNOWN_ACCOUNT
        handshake = environ.get(HANDSHAKE_HEADER)
        verified = endpoint.verifier.accepts(environ.get(VERIFICATION_HEADER))
        if handshake is not None and not (verified and has_body(environ)):
            return answers.HANDSHAKE.echoing(handshake) if may_be_echoed(handshake) else answers.BAD_HANDSHAKE
        if not verified:
            self._strangers.tell(endpoint.name, why="verification")
            return answers.UNVERIFIED
        return None

    def store(self, account: str, bodies: Sequence[bytes]) -> Answer:
        """Store bodies that were let in, all or none; each is answered with what this gives."""
        try:
            if self._room.is_left():
                self._endpoints[account].inbox.append(*bodies)
                faults.point("receive.before-answer")
                return answers.STORED
            answer, why = answers.NO_ROOM, answers.NO_ROOM.word
        except RedisError as error:
            answer, why = answers.NOT_STORED, type(error).__name__
        return self.unstored(account, answer, why=why, count=len(bodies))

    def unstored(self, account: str, answer: Answer, *, why: str, count: int) -> Answer:
        """Tell of bodies that were not stored; give the answer back."""
        self._unstored.tell(self._endpoints[account].name, why=why, count=count)
        return answer

    def echoed(self, environ: Mapping[str, Any], answer: Answer) -> Answer:
        """Have an answer echo RingCentral's handshake, where there is one."""
        handshake = environ.get(HANDSHAKE_HEADER)
        return answer.echoing(handshake) if handshake and may_be_echoed(handshake) else answer

    def counted(self, account: str, answer: Answer, started: float) -> Answer:
        """Count an answer, and what it took since `started`; give it back."""
        endpoint = self._endpoints.get(account)
        self._recorder.count(NOTIFICATIONS, endpoint.name if endpoint else NONE_OF_OURS, answer.word)
        if endpoint is not None:
            self._recorder.observe(INGEST_SECONDS, stopwatch() - started)
        return answer


class Nothing(msgspec.Struct, frozen=True):
    """The body of every answer: an empty object."""


def add_routes(app: Flask, receiver: Receiver) -> None:
    """Add `POST /webhooks/ringcentral` and `POST /webhooks/ringcentral/<account>`."""

    @app.post(PATH)
    @app.post(f"{PATH}/<account>")
    @described(
        "Take a notification of RingCentral's, or answer its handshake.",
        headers={
            "Verification-Token": "What RC_VERIFICATION_TOKEN says.",
            "Validation-Token": "RingCentral's handshake; echoed.",
        },
        answers=dict.fromkeys((200, 400, 401, 404, 408, 413, 503), Nothing),
    )
    def receive(account: str = "") -> Response:
        answer = receiver.receive(account, request.environ)
        return Response(answers.BODY, answer.status, list(answer.headers))
