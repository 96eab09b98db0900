"""One access token for all workers, from the JWT bearer grant, kept in Redis and renewed before it expires.

RingCentral allows five grants a minute and about five sessions at a time per user and app, of which it revokes the
oldest; so one process asks and the others wait for what it gets. There is no refresh token: the grant is simply made
again. While credentials are replaced, the older and the newer ones have a token each: whoever has the one can do
nothing with the other's, and would ask for another at every turn.
https://developers.ringcentral.com/guide/authentication/jwt-flow
"""

import hashlib
import math
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import Final
from urllib.parse import urlencode

import msgspec
from redis import Redis

from runtime import keys
from runtime.budget import Group, Share
from runtime.clocks import stopwatch
from runtime.deliveries.sealing import CannotOpen, seal, unseal
from runtime.leases import RENEW_SECONDS, Lease, LeaseHeld, LeaseLost, lease
from runtime.settings import Account, Credentials
from workers.ringcentral.answers import granted_by
from workers.ringcentral.errors import BrokenConfiguration, NotSent, RingCentralError
from workers.ringcentral.exchange import Exchange
from workers.ringcentral.transport import Request
from workers.stopping import Stopping

PATH: Final = "/restapi/oauth/token"
STAGE: Final = "token"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"

NEW_SECONDS: Final = 600.0
"""How long a token is new: where it is refused at once, or without a word, the fault is hardly the token's."""

_LONGEST_SECONDS: Final = 40.0  # longer than a request may take
_POLL_SECONDS: Final = 0.025
_SPARE_SECONDS: Final = 30.0  # a token is not used in its last seconds
_EARLY: Final = 0.1  # it is renewed in the last tenth of its life


class _Grant(msgspec.Struct, frozen=True):
    """What the token endpoint answers, as far as we use it."""

    access_token: str
    expires_in: float

    def __post_init__(self) -> None:
        is_text = self.access_token.isascii() and self.access_token.isprintable()
        if not is_text or not 0 < self.expires_in < math.inf:
            raise ValueError("not a usable access token")


class _Kept(msgspec.Struct, frozen=True):
    """What is kept, sealed, for as long as the token can be used. `renew_at` is in milliseconds left to live.

    `doubted` says that RingCentral refused it as soon as it had granted it.
    """

    access_token: str
    renew_at: int
    doubted: bool = False


def fingerprint_of(account: Account) -> str:
    """Tell one set of credentials from another without giving any of it away."""
    digest = hashlib.blake2b(account.server_url.encode(), digest_size=12)
    if account.credentials is not None:
        for part in (account.credentials.client_id, account.credentials.client_secret, account.credentials.jwt):
            digest.update(b"\0" + part.encode())
    return digest.hexdigest()


def _sealing(account: Account) -> tuple[str, ...]:
    """Give what the token is sealed with: who has no credentials, and yet reads Redis, shall have no token either."""
    known = account.credentials
    return () if known is None else (f"{known.client_id}\0{known.client_secret}\0{known.jwt}",)


class Tokens:
    """The account's access token, whoever has fetched it."""

    def __init__(self, account: Account, redis: Redis, exchange: Exchange, stopping: Stopping) -> None:
        self._account = account
        self._redis = redis
        self._exchange = exchange
        self._stopping = stopping
        self._key = keys.access_token(account.name, fingerprint_of(account))
        self._sealing = _sealing(account)

    def current(self, *, instead_of: str | None = None) -> str:
        """Give a token that is valid as far as we know, and is not `instead_of`, which RingCentral has refused.

        Asks for one only if nobody else is asking; a process that is to stop waits for none. Raises what the client's
        requests raise.
        """
        deadline = stopwatch() + _LONGEST_SECONDS
        while stopwatch() < deadline:
            token, fresh = self._kept(instead_of)
            if token is None or not fresh:
                with self._asking() as held:
                    if held is not None:
                        return self._renewed(held, instead_of)
            if token is not None:
                return token
            if self._stopping.wait(_POLL_SECONDS):
                break
        raise NotSent("somebody else is still asking for an access token", retry_after=_POLL_SECONDS)

    def forget(self, token: str) -> None:
        """Have another asked for next time, unless somebody has done so already, or this one is new itself.

        Then the fault is another, and with each grant the breaker would take RingCentral for well again.
        """
        kept, left = self._stored()
        if kept is not None and kept.access_token == token and not _is_new(kept, left):
            self._redis.delete(self._key)

    def doubt(self, token: str) -> None:
        """Note that RingCentral refused a token as soon as it had granted it: the fault is another then, as above."""
        with self._asking() as held:  # so nobody has a newer one by now
            kept, left = self._stored()
            if held is not None and kept is not None and kept.access_token == token and left > 0:
                self._keep(msgspec.structs.replace(kept, doubted=True), left)

    def is_doubted(self, token: str) -> bool:
        """Say whether it was refused like that and is new: no other is asked for then."""
        kept, left = self._stored()
        return kept is not None and kept.access_token == token and kept.doubted and _is_new(kept, left)

    def _renewed(self, held: Lease, instead_of: str | None) -> str:
        token, fresh = self._kept(instead_of)
        if token is not None and fresh:
            return token  # somebody was faster
        try:
            return self._granted(held)
        except RingCentralError:
            if token is None:
                raise
            return token  # it is good for a while yet

    def _kept(self, instead_of: str | None) -> tuple[str | None, bool]:
        """Give the token in Redis, and whether it has long to live."""
        kept, left = self._stored()
        if kept is None or kept.access_token == instead_of:
            return None, False
        return kept.access_token, left > kept.renew_at

    def _stored(self) -> tuple[_Kept | None, int]:
        """Read what is stored, unless another version has written it, and for how many milliseconds it still is."""
        with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(self._key)
            pipeline.pttl(self._key)
            value, left = pipeline.execute()
        if value is not None:
            with suppress(CannotOpen, msgspec.DecodeError):
                return msgspec.json.decode(unseal(value, self._sealing), type=_Kept), left
        return None, left

    @contextmanager
    def _asking(self) -> Iterator[Lease | None]:
        """Hold the right to ask for a token, if nobody else does."""
        with ExitStack() as stack:
            try:
                held = stack.enter_context(lease(self._redis, self._account.name, STAGE))
            except LeaseHeld:
                held = None
            yield held

    def _granted(self, held: Lease) -> str:
        """Ask for a token, and keep the right to do so however long RingCentral takes.

        Whoever is stopped waits for no answer, which the thread of an executor would, nor for one with the token then.
        """
        answer = Future[str]()
        Thread(target=self._answer, args=(answer,), name="token", daemon=True).start()
        while wait((answer,), timeout=RENEW_SECONDS).not_done:
            if self._stopping.is_set():
                raise NotSent("this process is to stop before it has an access token", retry_after=_POLL_SECONDS)
            with suppress(LeaseLost):  # another asks as well: that is a grant too many, and no harm
                held.commit(())
        return answer.result()

    def _answer(self, answer: Future[str]) -> None:
        try:
            answer.set_result(self._grant())
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    def _grant(self) -> str:
        request = _request(self._account)
        grant = self._exchange.send(
            request, Group.AUTH, Share.INTERACTIVE, read=lambda answer: granted_by(answer, _decode_grant)
        )
        usable = max(grant.expires_in - _SPARE_SECONDS, grant.expires_in / 2)
        self._keep(_Kept(grant.access_token, int(usable * _EARLY * 1000)), int(usable * 1000))
        return grant.access_token

    def _keep(self, kept: _Kept, milliseconds: int) -> None:
        self._redis.set(self._key, seal(msgspec.json.encode(kept), self._sealing), px=max(1, milliseconds))


_decode_grant: Final = msgspec.json.Decoder(_Grant, strict=False).decode
"""Not strict: there are servers of OAuth that write `expires_in` as text."""


def _is_new(kept: _Kept, left: int) -> bool:
    """Say whether it was granted not long ago; one that lives for longer than any was before the clock was put back."""
    return abs(kept.renew_at / _EARLY - left) < NEW_SECONDS * 1000


def _request(account: Account) -> Request:
    credentials = account.credentials
    if credentials is None:
        raise BrokenConfiguration(f"no credentials for account {account.name}")
    return Request(
        "POST",
        account.server_url + PATH,
        headers={
            "Authorization": _basic(credentials),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode({"grant_type": _GRANT, "assertion": credentials.jwt}).encode(),
    )


def _basic(credentials: Credentials) -> str:
    return "Basic " + b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
