"""The parts of *Now* that all watchers share: who may have them, how old they are, and what leaving means for them."""

from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from flask import Flask, Request, Response
from redis import Redis
from werkzeug.test import EnvironBuilder

from tests.access.test_entry_to_the_api import ADMIN
from web.access.roles import Role, Tokens
from web.access.sessions import BELIEVED_SECONDS, COOKIE, Session, Sessions
from web.shared import FRESH_SECONDS, STALE_SECONDS, Shared

ASKED = {"PATH_INFO": "/", "HTTP_X_PARTS": "1"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watching:
    """Somebody who is in, and their browser."""

    def __init__(self, sessions: Sessions) -> None:
        self.session: Session = sessions.begin(Role.READER, "Mara")
        response = Response()
        sessions.write(self.session, Request(EnvironBuilder().get_environ()), response)
        self.cookie = response.headers["Set-Cookie"].partition(";")[0]
        self._sessions = sessions

    def is_let_in(self) -> bool:
        """Come by Flask, which asks whose session it is."""
        environ = EnvironBuilder(headers=[("Cookie", self.cookie)]).get_environ()
        return self._sessions.of(Request(environ)) is not None

    def asks(self, path: str = "/") -> SimpleNamespace:
        return scope(path, {"cookie": f"other=1; {self.cookie}", "x-parts": "1"})


def scope(path: str, headers: Mapping[str, str]) -> SimpleNamespace:
    return SimpleNamespace(method="GET", path=path, headers=headers)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(redis: Redis, clock: Clock) -> Sessions:
    return Sessions(Tokens(admin=ADMIN), redis, clock=clock)


@pytest.fixture
def shared(sessions: Sessions, clock: Clock) -> Shared:
    return Shared(sessions, clock=clock)


@pytest.fixture
def mara(sessions: Sessions) -> Watching:
    mara = Watching(sessions)
    assert mara.is_let_in()
    return mara


def keep(shared: Shared, body: bytes = b"parts") -> None:
    shared.keep(ASKED, 200, [("Content-Type", "text/html")], body)


def test_what_was_drawn_for_one_is_given_to_all_who_are_in(shared: Shared, sessions: Sessions, mara: Watching) -> None:
    other = Watching(sessions)
    assert other.is_let_in()
    keep(shared)

    for one in (mara, other):
        parts = shared.parts_for(one.asks())
        assert parts is not None
        assert parts.body == b"parts"


def test_a_stranger_and_a_cookie_nobody_looked_at_are_for_flask_to_answer(shared: Shared, sessions: Sessions) -> None:
    keep(shared)

    assert shared.parts_for(Watching(sessions).asks()) is None
    assert shared.parts_for(scope("/", {"x-parts": "1", "cookie": f"{COOKIE}=forged"})) is None
    assert shared.parts_for(scope("/", {"x-parts": "1"})) is None


def test_only_the_parts_of_now_are_shared(shared: Shared, mara: Watching) -> None:
    shared.keep({"PATH_INFO": "/calls", "HTTP_X_PARTS": "1"}, 200, [], b"calls")
    shared.keep({"PATH_INFO": "/"}, 200, [], b"a whole page")
    shared.keep(ASKED, 503, [], b"trouble")
    assert shared.parts_for(mara.asks()) is None

    keep(shared)

    assert shared.parts_for(mara.asks("/calls")) is None
    assert shared.parts_for(scope("/", {"cookie": mara.cookie})) is None


def test_one_watcher_a_second_has_them_drawn_anew(shared: Shared, clock: Clock, mara: Watching) -> None:
    keep(shared)
    clock.now += FRESH_SECONDS

    assert shared.parts_for(mara.asks()) is None
    assert shared.parts_for(mara.asks()) is not None


def test_nothing_old_is_shown_though_it_cannot_be_drawn_anew(shared: Shared, clock: Clock, mara: Watching) -> None:
    keep(shared)
    clock.now += STALE_SECONDS
    assert mara.is_let_in()

    assert shared.parts_for(mara.asks()) is None
    assert shared.parts_for(mara.asks()) is None


def test_a_session_is_looked_at_again_for_as_long_as_somebody_watches(
    shared: Shared, clock: Clock, mara: Watching
) -> None:
    for _ in range(10):
        clock.now += BELIEVED_SECONDS / 2
        keep(shared)
        assert shared.parts_for(mara.asks()) is not None


def test_who_has_left_is_given_nothing_a_moment_later(
    shared: Shared, redis: Redis, clock: Clock, mara: Watching
) -> None:
    keep(shared)
    elsewhere = Sessions(Tokens(admin=ADMIN), redis, clock=clock)  # another process
    with Flask("leaving").test_request_context():
        elsewhere.end(mara.session, Response())

    keep(shared)

    assert shared.parts_for(mara.asks()) is None
    assert not mara.is_let_in()
