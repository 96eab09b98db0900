"""A client of an account whose RingCentral is a local server."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from runtime import keys
from runtime.budget import Budget, Group
from runtime.settings import Account, Credentials, Scope
from tests.ringcentral.server import Server
from workers.ringcentral.client import RingCentral
from workers.ringcentral.exchange import Observe
from workers.ringcentral.tokens import fingerprint_of
from workers.ringcentral.transport import Bounds
from workers.stopping import Stopping

QUICK = Bounds(connect=0.5, read=0.15, total=0.3, body=100_000)
PLENTY = dict.fromkeys(Group, 10_000)

MakeAccount = Callable[..., Account]
MakeClient = Callable[..., RingCentral]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as server:
        yield server


@pytest.fixture
def an_account(server: Server) -> MakeAccount:
    def make(name: str = "acme", *, jwt: str = "jwt", url: str | None = None, scope: Scope = Scope.ACCOUNT) -> Account:
        return Account(name, url or server.url, scope, Credentials("client", "secret", jwt), ())

    return make


@pytest.fixture
def token_key(an_account: MakeAccount) -> str:
    """Name the key at which the account's access token is kept."""
    return keys.access_token("acme", fingerprint_of(an_account()))


@pytest.fixture
def a_client(redis: Redis, an_account: MakeAccount) -> MakeClient:
    """Make a client as another process would: sharing nothing with the others but Redis."""

    def make(
        account: Account | None = None,
        *,
        limits: dict[Group, int] | None = None,
        bounds: Bounds = QUICK,
        observe: Observe = lambda _group, _status: None,
        stopping: Stopping | None = None,
    ) -> RingCentral:
        account = account or an_account()
        budget = Budget(redis, account.name, PLENTY if limits is None else limits)
        return RingCentral(account, redis, budget, bounds=bounds, observe=observe, stopping=stopping)

    return make


@pytest.fixture
def client(a_client: MakeClient) -> RingCentral:
    return a_client()
