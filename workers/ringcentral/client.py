"""Ask RingCentral's REST API on behalf of one account."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
import requests
from redis import Redis

from runtime.budget import Budget, Group, Share
from runtime.settings import Account
from workers.ringcentral.answers import Answer, value_of
from workers.ringcentral.breaker import Breaker
from workers.ringcentral.errors import NotSent, TokenRefused, Unavailable
from workers.ringcentral.exchange import Exchange, Observe
from workers.ringcentral.tokens import Tokens, fingerprint_of
from workers.ringcentral.transport import Bounds, Request, Transport
from workers.stopping import Stopping

T = TypeVar("T")

_ROOT: Final = "/restapi/"
_JSON: Final = "application/json"


class RingCentral:
    """One account's RingCentral, as all its workers see it: they share its token, budget and breaker through Redis.

    Every method raises an error of `workers.ringcentral.errors` when it cannot give what was asked for. Nothing is
    retried here but a request whose access token was refused, once. Paths are RingCentral's, on the configured host
    only: links in answers are not followed.
    """

    def __init__(
        self,
        account: Account,
        redis: Redis,
        budget: Budget,
        *,
        observe: Observe,
        session: requests.Session | None = None,
        bounds: Bounds | None = None,
        stopping: Stopping | None = None,
    ) -> None:
        self.account = account
        breaker = Breaker(redis, account.name, fingerprint_of(account))
        self._exchange = Exchange(budget, breaker, Transport(session, bounds), observe)
        self._tokens = Tokens(account, redis, self._exchange, stopping or Stopping())

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        decode: Callable[[bytes], T],
        group: Group,
        share: Share = Share.LIVE,
    ) -> T:
        """Get what is at `path`, read by `decode`, which raises ValueError or msgspec.DecodeError for a bad body."""
        return self._send(self._request("GET", path, params=params or {}), group, share, decode)

    def post(
        self, path: str, body: Any = None, *, decode: Callable[[bytes], T], group: Group, share: Share = Share.LIVE
    ) -> T:
        """Post `body` as JSON, or nothing."""
        return self._send(self._request("POST", path, body=body), group, share, decode)

    def put(self, path: str, body: Any, *, decode: Callable[[bytes], T], group: Group, share: Share = Share.LIVE) -> T:
        """Put `body` as JSON."""
        return self._send(self._request("PUT", path, body=body), group, share, decode)

    def delete(self, path: str, *, group: Group, share: Share = Share.LIVE) -> None:
        """Delete what is at `path`."""
        self._send(self._request("DELETE", path), group, share, lambda _body: None)

    def _request(self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None) -> Request:
        if not path.startswith(_ROOT):
            raise ValueError(f"not a path of RingCentral's API: {path!r}")
        headers = {"Accept": _JSON} | ({} if body is None else {"Content-Type": _JSON})
        encoded = b"" if body is None else msgspec.json.encode(body)
        return Request(method, self.account.server_url + path, headers, params or {}, encoded)

    def _send(self, request: Request, group: Group, share: Share, decode: Callable[[bytes], T]) -> T:
        token = self._token()

        def read(answer: Answer) -> T:
            try:
                return value_of(answer, decode)
            except TokenRefused as error:
                if self._tokens.is_doubted(token):
                    raise _refused_again(error) from error
                raise

        try:
            return self._exchange.send(_authorized(request, token), group, share, read=read)
        except TokenRefused:
            return self._send_once_more(request, group, share, decode, instead_of=token)
        except Unavailable as error:
            if error.status == HTTPStatus.UNAUTHORIZED:  # in whosever words: if it was the token, nobody will say so
                self._tokens.forget(token)
            raise

    def _send_once_more(
        self, request: Request, group: Group, share: Share, decode: Callable[[bytes], T], *, instead_of: str
    ) -> T:
        token = self._token(instead_of=instead_of)

        def read(answer: Answer) -> T:
            try:
                return value_of(answer, decode)
            except TokenRefused as error:
                self._tokens.doubt(token)
                raise _refused_again(error) from error

        return self._exchange.send(_authorized(request, token), group, share, read=read)

    def _token(self, *, instead_of: str | None = None) -> str:
        try:
            return self._tokens.current(instead_of=instead_of)
        except Unavailable as error:
            raise NotSent(
                "no access token", retry_after=error.retry_after, status=error.status, codes=error.codes
            ) from error


def _authorized(request: Request, token: str) -> Request:
    return msgspec.structs.replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})


def _refused_again(error: TokenRefused) -> Unavailable:
    """Say of a refused token that was new: the fault is not the token's."""
    return Unavailable("even a new access token is", status=error.status, codes=error.codes)
