"""The door of the API: who may enter, and how whatever goes wrong behind it is told.

It closes the whole of /api, whether a route is there or not: a stranger learns nothing from trying paths.
"""

from typing import Final

from flask import Flask, Response, request
from redis.exceptions import RedisError, ResponseError
from werkzeug.exceptions import HTTPException

from runtime.logs import log
from web.access.entry import Entry, Refused, TooMany
from web.access.roles import Role, may
from web.access.visitors import Via, Visitor, address_of, enter, of_session
from web.api.problems import (
    INTERNAL,
    NO_TOKEN_SET,
    OF_STATUS,
    READ_ONLY,
    REDIS_AWAY,
    TOO_MANY_GUESSES,
    UNAUTHORIZED,
    Problem,
)

ROOT: Final = "/api"

_MISTAKEN: Final = "ERR"
"""Redis's code for what it cannot do, however often it is asked: a full, starting or waiting one tells others."""


def add_door(app: Flask, entry: Entry) -> None:
    """Let into /api only who has a token, or looks with the dashboard's session. Without a token nobody is let in."""

    @app.before_request
    def ask_for_the_token() -> None:
        if _is_ours():
            enter(_let_in(entry))

    @app.after_request
    def keep_out_of_caches(response: Response) -> Response:
        if _is_ours():
            response.headers["Cache-Control"] = "no-store"
        return response

    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, told)
    app.register_error_handler(RedisError, _redis_away)


def _let_in(entry: Entry) -> Visitor:
    """Say who it is. Raises Problem for a stranger, and for a reader who wants to change something."""
    if not entry.tokens.are_set:
        raise Problem(NO_TOKEN_SET, "Set ADMIN_TOKEN for the web process, and start it again.")
    visitor = _by_session(entry) or _by_token(entry)
    if not may(visitor.role, request.method):
        raise Problem(READ_ONLY, "READ_TOKEN only looks; ADMIN_TOKEN may change things.")
    return visitor


def _by_session(entry: Entry) -> Visitor | None:
    """Take the dashboard's session for reading only: a form of another site could send it along with a POST."""
    if "Authorization" in request.headers or not may(Role.READER, request.method):
        return None
    session = entry.sessions.of(request)
    return of_session(session, request) if session else None


def _by_token(entry: Entry) -> Visitor:
    address = address_of(request)
    try:
        role = entry.by_header(request.headers.get("Authorization", ""), address)
    except TooMany as error:
        headers = {"Retry-After": f"{error.retry_after + 1:.0f}"}
        raise Problem(TOO_MANY_GUESSES, "Nothing is looked at until then.", headers=headers) from error
    except Refused as error:
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(UNAUTHORIZED, "Send Authorization: Bearer and the ADMIN_TOKEN.", headers=headers) from error
    return Visitor(role, "", address, Via.API)


def is_behind(path: str) -> bool:
    """Say whether a path is the API's, where a route is there or not."""
    return path == ROOT or path.startswith(ROOT + "/")


def _is_ours() -> bool:
    return is_behind(request.path)


def told(error: HTTPException) -> Response | HTTPException:
    """Tell Flask's own errors as problems, below /api; elsewhere they stay what they are."""
    if not _is_ours():
        return error
    kind = OF_STATUS.get(error.code or INTERNAL.status, INTERNAL)
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    return Problem(kind, headers=headers).response()


def _redis_away(error: RedisError) -> Response:
    """Tell that Redis is away, or cannot do it just now; what it takes for a mistake is one of ours, and stays one."""
    if not _is_ours() or (isinstance(error, ResponseError) and error.status_code == _MISTAKEN):
        raise error
    log.error("api.redis_away", error=type(error).__name__)
    why = "Nothing was changed, as far as we know. Ask again."
    return Problem(REDIS_AWAY, why, headers={"Retry-After": "5"}).response()
