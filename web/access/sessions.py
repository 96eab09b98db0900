"""Sessions of the dashboard: a signed cookie, so that nothing is stored of who is in; only who has left is.

The key is derived from the tokens: a changed token ends every session. The cookie is HttpOnly (no script reads it),
SameSite=Strict (no other site's page sends it), and Secure wherever the browser came by TLS.
"""

import hashlib
import hmac
import secrets
from typing import Final

import msgspec
from flask import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer
from redis import Redis

from runtime import keys
from runtime.clocks import stopwatch, wall_clock
from web.access.roles import Role, Tokens

COOKIE: Final = "legwork_session"
HOURS: Final = 12
LONGEST_NAME: Final = 40

BELIEVED_SECONDS: Final = 2.0
"""For how long a session that was looked at is believed; an open dashboard asks as often."""

WATCHING_SECONDS: Final = 30.0
"""For how long a session is looked at again with all others after it was used last."""

_MOST_BELIEVED: Final = 1024
_SALT: Final = "legwork session 1"


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who is in, until when (seconds). `name` is what they call themselves, for the trail of actions."""

    id: str
    role: Role
    name: str
    until: float


class _Belief(msgspec.Struct):
    """A session that was looked at: until when it is believed, and when it was used last, by the stopwatch."""

    session: Session
    until: float
    used_at: float


class Sessions:
    """Makes, reads and ends sessions."""

    def __init__(self, tokens: Tokens, redis: Redis) -> None:
        self._key = tokens.key_for("sessions")
        self._are_open = tokens.are_set
        self._signer = URLSafeSerializer(self._key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
        self._redis = redis
        self._believed: dict[str, _Belief] = {}

    def begin(self, role: Role, name: str) -> Session:
        """Make a session of its own for somebody who showed a token."""
        shown = "".join(sign for sign in name if sign.isprintable()).strip()[:LONGEST_NAME]
        return Session(secrets.token_urlsafe(12), role, shown, wall_clock() + HOURS * 3600)

    def write(self, session: Session, request: Request, response: Response) -> None:
        """Give the browser its cookie."""
        text = str(self._signer.dumps(msgspec.to_builtins(session)))
        seconds = HOURS * 3600
        response.set_cookie(
            COOKIE, text, max_age=seconds, httponly=True, samesite="Strict", secure=came_by_tls(request), path="/"
        )

    def of(self, request: Request) -> Session | None:
        """Read whose request it is; None for a stranger, and for who has left, if that is more than a moment ago."""
        return self.of_cookie(request.cookies.get(COOKIE, ""))

    def of_cookie(self, text: str) -> Session | None:
        """Read the same from the cookie itself."""
        now = stopwatch()
        if (belief := self._belief(text)) is not None:
            return belief.session
        session = self._signed(text)
        if session is None or wall_clock() >= session.until or self._redis.exists(keys.ended_session(session.id)):
            return None
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed = {}
        self._believed[text] = _Belief(session, now + BELIEVED_SECONDS, now)
        return session

    def believes(self, text: str) -> bool:
        """Say of a cookie whether its session was looked at a moment ago; nobody is asked for it."""
        return self._belief(text) is not None

    def look_again(self) -> None:
        """Look at all sessions that were used lately, in one go: who watches is asked for every other second."""
        now = stopwatch()
        lately = {text: one for text, one in [*self._believed.items()] if now - one.used_at < WATCHING_SECONDS}
        if lately:
            have_ended = self._redis.mget(keys.ended_session(one.session.id) for one in lately.values())
            for one, ended in zip(lately.values(), have_ended, strict=True):
                one.until = now + BELIEVED_SECONDS if ended is None else 0.0
        self._believed = lately

    def end(self, session: Session, response: Response) -> None:
        """Let nobody use this session any more, whoever has a copy of its cookie."""
        self._believed = {text: one for text, one in [*self._believed.items()] if one.session.id != session.id}
        left = max(1, int(session.until - wall_clock()))
        self._redis.set(keys.ended_session(session.id), b"", ex=left)
        response.delete_cookie(COOKIE, httponly=True, samesite="Strict", path="/")

    def form_token(self, session: Session) -> str:
        """Give what each form of this session must bring along, and no other site can know."""
        return hmac.new(self._key, f"form {session.id}".encode(), hashlib.sha256).hexdigest()

    def brings_token(self, session: Session, request: Request) -> bool:
        """Say whether a form brought it along. Takes the same time whatever it brought."""
        given = request.form.get("token", "").encode()
        return hmac.compare_digest(given, self.form_token(session).encode())

    def _belief(self, text: str) -> _Belief | None:
        belief, now = self._believed.get(text), stopwatch()
        if belief is None or now >= belief.until or wall_clock() >= belief.session.until:
            return None
        belief.used_at = now
        return belief

    def _signed(self, text: str) -> Session | None:
        if not (text and self._are_open):
            return None
        try:
            return msgspec.convert(self._signer.loads(text), type=Session)
        except (BadSignature, msgspec.ValidationError):
            return None


def cookie_in(header: str) -> str:
    """Find the session in a Cookie header."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def came_by_tls(request: Request) -> bool:
    """Say whether the browser's connection is encrypted, be it only up to the proxy in front of us.

    A stranger who lies about it makes only his own cookie Secure.
    """
    forwarded = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
    return request.is_secure or forwarded == "https"
