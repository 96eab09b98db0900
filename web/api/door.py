"""The door of the API: who may enter, and how whatever goes wrong behind it is told.

It closes the whole of /api, whether a route is there or not: a stranger learns nothing from trying paths.
"""

import hmac
from typing import Final

from flask import Flask, Response, request
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from runtime.logs import log
from web.api.problems import INTERNAL, NO_TOKEN_SET, OF_STATUS, REDIS_AWAY, UNAUTHORIZED, Problem, retry_later

ROOT: Final = "/api"
_SCHEME: Final = b"bearer "


def add_door(app: Flask, admin_token: str | None) -> None:
    """Let into /api only who has the token. Without a token nobody is let in."""

    @app.before_request
    def ask_for_the_token() -> None:
        if _is_ours():
            let_in(admin_token, request.headers.get("Authorization"))

    @app.after_request
    def keep_out_of_caches(response: Response) -> Response:
        if _is_ours():
            response.headers["Cache-Control"] = "no-store"
        return response

    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(RedisError, _redis_away)


def let_in(admin_token: str | None, header: str | None) -> None:
    """Raise Problem unless the header bears the token. Takes the same time whatever token it bears."""
    if not admin_token:
        raise Problem(NO_TOKEN_SET, "Set ADMIN_TOKEN for the web process, and start it again.")
    given = (header or "").encode("latin-1", "replace")  # WSGI hands header bytes over as Latin-1 text
    scheme, token = given[: len(_SCHEME)], given[len(_SCHEME) :].strip()
    if scheme.lower() != _SCHEME or not hmac.compare_digest(token, admin_token.encode()):
        log.warning("api.refused", why="token")
        raise Problem(
            UNAUTHORIZED, "Send Authorization: Bearer and the ADMIN_TOKEN.", headers={"WWW-Authenticate": "Bearer"}
        )


def _is_ours() -> bool:
    return request.path == ROOT or request.path.startswith(ROOT + "/")


def _told(error: HTTPException) -> Response | HTTPException:
    """Tell Flask's own errors as problems, below /api; elsewhere they stay what they are."""
    if not _is_ours():
        return error
    kind = OF_STATUS.get(error.code or INTERNAL.status, INTERNAL)
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    return Problem(kind, headers=headers).response()


def _redis_away(error: RedisError) -> Response:
    if not _is_ours():
        raise error
    log.error("api.redis_away", error=type(error).__name__)
    return retry_later(REDIS_AWAY, "Nothing was changed, as far as we know. Ask again.").response()
