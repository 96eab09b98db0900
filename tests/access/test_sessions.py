"""Sessions of the dashboard: for how long a cookie is worth something, and what it costs to find out."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Request, Response
from redis import Redis
from werkzeug.test import create_environ

from runtime import keys
from tests.asking.clock import Clock
from web.access import sessions as module
from web.access.roles import Role, Tokens
from web.access.sessions import (
    BELIEVED_SECONDS,
    HOURS,
    LONGEST_NAME,
    WATCHING_SECONDS,
    Session,
    Sessions,
    came_by_tls,
    cookie_in,
)

BOTH = Tokens("of-the-admin", "of-the-reader")
TO_THE_END = HOURS * 3600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "wall_clock", clock)
    monkeypatch.setattr(module, "stopwatch", clock)
    return clock


@pytest.fixture
def sessions(redis: Redis, clock: Clock) -> Sessions:
    return Sessions(BOTH, redis)


def a_request(headers: Mapping[str, str] | None = None, **more: Any) -> Request:
    return Request(create_environ(headers=headers or {}, **more))


def cookie_of(sessions: Sessions, session: Session) -> str:
    """Give what the browser keeps."""
    response = Response()
    sessions.write(session, a_request(), response)
    return cookie_in(response.headers["Set-Cookie"])


def begun(sessions: Sessions, name: str = "Mara") -> tuple[Session, str]:
    session = sessions.begin(Role.READER, name)
    return session, cookie_of(sessions, session)


def test_a_cookie_tells_whose_session_it_is_until_that_has_lasted_long_enough(sessions: Sessions, clock: Clock) -> None:
    session, cookie = begun(sessions)

    clock.now += TO_THE_END - 1
    assert sessions.of_cookie(cookie) == session
    clock.now += 1  # though it was looked at a moment ago
    assert sessions.of_cookie(cookie) is None
    assert not sessions.believes(cookie)


def test_the_browser_forgets_its_cookie_when_the_session_is_over(sessions: Sessions) -> None:
    response = Response()

    sessions.write(sessions.begin(Role.READER, "Mara"), a_request(), response)

    assert {f"Max-Age={TO_THE_END}", "Path=/"} <= set(response.headers["Set-Cookie"].split("; "))


def test_redis_is_asked_for_a_session_once_in_a_moment(
    sessions: Sessions, redis: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(wraps=redis.exists)
    monkeypatch.setattr(redis, "exists", asked)
    session, cookie = begun(sessions)
    assert not sessions.believes(cookie)

    for seconds in (0.0, BELIEVED_SECONDS - 0.1, 0.2):
        clock.now += seconds
        assert sessions.of_cookie(cookie) == session

    assert asked.call_count == 2


def test_who_leaves_is_out_at_once_and_elsewhere_after_a_moment_and_nobody_else_is(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    elsewhere = Sessions(BOTH, redis)
    (mara, cookie), (noor, other) = begun(sessions), begun(sessions, "Noor")
    for each in (sessions, elsewhere):
        assert (each.of_cookie(cookie), each.of_cookie(other)) == (mara, noor)

    sessions.end(mara, Response())

    assert (sessions.of_cookie(cookie), sessions.believes(other)) == (None, True)
    clock.now += BELIEVED_SECONDS
    assert (elsewhere.of_cookie(cookie), elsewhere.of_cookie(other)) == (None, noor)


def test_who_has_left_is_out_everywhere_after_a_moment_though_this_machine_s_clock_was_put_back(
    sessions: Sessions, redis: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mara, cookie = begun(sessions)
    assert sessions.of_cookie(cookie) == mara
    Sessions(BOTH, redis).end(mara, Response())

    monkeypatch.setattr(module, "wall_clock", lambda: clock.now - 3600)
    clock.now += BELIEVED_SECONDS

    assert sessions.of_cookie(cookie) is None


def test_that_somebody_left_is_remembered_for_as_long_as_the_cookie_would_be_good(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    session, _ = begun(sessions)
    clock.now += TO_THE_END - 600

    sessions.end(session, Response())

    assert 590 <= int(redis.ttl(keys.ended_session(session.id))) <= 600


def test_those_who_watch_are_looked_at_together_and_who_does_not_is_forgotten(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    sessions.look_again()  # while there is nobody
    (_, idle), (_, watching), (left, leaving) = (begun(sessions, name) for name in ("Ida", "Mara", "Noor"))
    sessions.of_cookie(idle)
    clock.now += WATCHING_SECONDS - 1
    for cookie in (watching, leaving):
        sessions.of_cookie(cookie)
    Sessions(BOTH, redis).end(left, Response())
    clock.now += 1.5

    sessions.look_again()

    assert [sessions.believes(one) for one in (idle, watching, leaving)] == [False, True, False]
    clock.now += BELIEVED_SECONDS - 0.25
    assert sessions.believes(watching)
    clock.now += 0.25
    assert not sessions.believes(watching)


def test_who_goes_on_watching_is_believed_for_as_long_as_that(sessions: Sessions, clock: Clock) -> None:
    _, cookie = begun(sessions)
    sessions.of_cookie(cookie)

    for _ in range(2 * int(WATCHING_SECONDS)):
        clock.now += 1
        assert sessions.believes(cookie)
        sessions.look_again()


def test_who_leaves_when_the_session_is_over_leaves_all_the_same(
    sessions: Sessions, redis: Redis, clock: Clock
) -> None:
    session, _ = begun(sessions)
    clock.now += TO_THE_END + 5

    sessions.end(session, Response())

    assert int(redis.ttl(keys.ended_session(session.id))) == 1


def test_strangers_do_not_fill_the_memory_and_nor_do_many_who_are_in(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BELIEVED", 2)
    for number in range(5):
        sessions.of_cookie(f"forged-{number}")
    assert len(sessions._believed) == 0

    for _ in range(5):
        _, cookie = begun(sessions)
        assert sessions.of_cookie(cookie) is not None
        assert len(sessions._believed) <= 2


@pytest.mark.parametrize("tokens", [Tokens(None), Tokens(""), Tokens(None, "of-the-reader")])
def test_where_nobody_can_be_let_in_no_cookie_lets_in_however_well_it_is_signed(
    redis: Redis, clock: Clock, tokens: Tokens
) -> None:
    closed = Sessions(tokens, redis)

    assert closed.of_cookie(begun(closed)[1]) is None


@pytest.mark.parametrize(
    ("typed", "name"), [("  Mara\r\n ", "Mara"), ("Ma\x00\u200bra", "Mara"), ("m" * 99, "m" * LONGEST_NAME), ("", "")]
)
def test_a_name_is_one_short_line(sessions: Sessions, typed: str, name: str) -> None:
    assert sessions.begin(Role.READER, typed).name == name


def test_a_form_brings_the_token_of_its_own_session(sessions: Sessions) -> None:
    mara, noor = (sessions.begin(Role.ADMIN, name) for name in ("Mara", "Mara"))

    def brings(token: str) -> bool:
        return sessions.brings_token(mara, a_request(method="POST", data={"token": token}))

    assert [brings(token) for token in (sessions.form_token(mara), sessions.form_token(noor), "")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("legwork_session=a.b=c", "a.b=c"),
        ("other=1; legwork_session=a; last=2", "a"),
        ("other=1;legwork_session=a", "a"),
        ("my_legwork_session=a", ""),
        ("", ""),
    ],
)
def test_the_session_is_found_among_other_cookies(header: str, found: str) -> None:
    assert cookie_in(header) == found


@pytest.mark.parametrize(
    ("forwarded", "scheme", "is_tls"),
    [
        ("", "http", False),
        ("", "https", True),
        ("https", "http", True),
        ("http, HTTPS", "http", True),
        ("https, http", "http", False),
    ],
)
def test_the_proxy_nearest_to_us_tells_whether_the_browser_came_by_tls(
    forwarded: str, scheme: str, is_tls: object
) -> None:
    request = a_request({"X-Forwarded-Proto": forwarded}, base_url=f"{scheme}://legwork.example")

    assert came_by_tls(request) is is_tls
