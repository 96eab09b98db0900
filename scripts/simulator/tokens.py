"""Access tokens: granted for the one simulated user, checked on every request, revoked on demand."""

import base64
import binascii
import secrets
import threading
from typing import Any

from scripts.simulator.clock import Clock
from scripts.simulator.problems import ApiError, OAuthError
from scripts.simulator.world import CLIENT_ID, CLIENT_SECRET, OWNER_ID, USER_JWT

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_PREFIX = "simulated-access-token-"  # noqa: S105 - by which it can be told wherever it turns up
SCOPE = "CallControl ReadAccounts ReadCallLog ReadCallRecording RingOut SubscriptionWebhook"


class Tokens:
    """Grant and check access tokens: each is good for `seconds`, and only the newest `sessions` of them are."""

    def __init__(self, seconds: int, clock: Clock, sessions: int) -> None:
        self._seconds = seconds
        self._sessions = sessions
        self._clock = clock
        self._expiry: dict[str, float] = {}
        self._lock = threading.Lock()
        self.jwt_refused = False

    def grant(self, authorization: str | None, grant_type: str | None, assertion: str | None) -> dict[str, Any]:
        """Give a token for the right client and JWT; raise the documented 400 otherwise."""
        if authorization is None or _basic(authorization) != (CLIENT_ID, CLIENT_SECRET):
            raise OAuthError("client")
        if grant_type != JWT_BEARER:
            raise OAuthError("grant_type")
        if assertion != USER_JWT or self.jwt_refused:
            raise OAuthError("grant")
        token = TOKEN_PREFIX + secrets.token_urlsafe(36)
        with self._lock:
            self._expiry[token] = self._clock() + self._seconds
            while len(self._expiry) > self._sessions:
                del self._expiry[next(iter(self._expiry))]
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self._seconds,
            "scope": SCOPE,
            "owner_id": OWNER_ID,
            "endpoint_id": secrets.token_urlsafe(12),
            "session_id": secrets.token_urlsafe(12),
        }

    def user_of(self, authorization: str | None) -> str:
        """Say whose token a request carries; raise the documented 401 when it carries none that is valid."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise ApiError("no_authorization")
        with self._lock:
            expiry = self._expiry.get(token)
        if expiry is None:
            raise ApiError("token_unknown")
        if expiry <= self._clock():
            raise ApiError("token_expired")
        return OWNER_ID

    def revoke_all(self) -> None:
        """Forget every token, as when an administrator ends all sessions."""
        with self._lock:
            self._expiry.clear()


def _basic(authorization: str) -> tuple[str, str] | None:
    """Read HTTP Basic credentials."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, secret
