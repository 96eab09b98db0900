"""What every API request passes before its handler: token, limit, faults; and what is noted of it."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flask import Request, Response, request

from scripts.simulator.api.reply import Reply
from scripts.simulator.api.spoiled import spoil
from scripts.simulator.box import Box
from scripts.simulator.problems import ApiError, OAuthError
from scripts.simulator.requests_seen import SeenRequest
from scripts.simulator.world import CLIENT_ID

Handler: TypeAlias = Callable[..., Reply]
View: TypeAlias = Callable[..., Response]
AUTH_GROUP = "auth"
_FELT_AS = {
    "sync_token_expired": "expire_sync_tokens",
    "token_unknown": "revoke_tokens",
    "grant": "reject_jwt",
}
"""The faults of which somebody learns by what he is refused, by the names of the problems."""

_GATEWAY_HEADERS = {"RCRequestId": "simulated"}


def guarded(box: Box, group: str, handler: Handler) -> View:
    """Wrap a handler `(box, request, **path) -> Reply` for its rate-limit group."""

    def view(**path: str) -> Response:
        user, during_penalty = "", False
        headers: Mapping[str, str] = _GATEWAY_HEADERS
        try:
            user = _user(box, group, request)
            during_penalty = box.limits.in_penalty(user, group)
            headers = {**headers, **box.limits.take(user, group)}
            spoiled = box.faults.next_bad_answer(group)
            reply = spoil(spoiled, box, request) if spoiled else _checked(box, handler, path)
        except ApiError as error:
            _feel(box, error)
            reply = Reply(error.body(), error.problem.status, error.headers)
        except OAuthError as error:
            _feel(box, error)
            reply = Reply(error.body(), 400)
        response = reply if isinstance(reply, Response) else reply.response(headers)
        box.requests.note(
            SeenRequest(box.clock(), group, request.method, request.full_path, response.status_code, during_penalty)
        )
        return response

    return view


def _feel(box: Box, error: ApiError | OAuthError) -> None:
    fault = _FELT_AS.get(str(error))
    if fault is not None:
        box.faults.feel(fault)


def _user(box: Box, group: str, asked: Request) -> str:
    """Say who is counted: the token's user, or, where tokens are made, the app."""
    return CLIENT_ID if group == AUTH_GROUP else box.tokens.user_of(asked.headers.get("Authorization"))


def _checked(box: Box, handler: Handler, path: dict[str, str]) -> Reply:
    """Answer, if the account in the path is the simulated one."""
    if path.pop("account", "~") not in {"~", box.configuration.account_id}:
        raise ApiError("not_found", "accountId")
    return handler(box, request, **path)
