"""The web process as an object, and as a real server in front of a Redis that may be frozen and killed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from runtime.metrics import Recorder
from runtime.redis_client import INGEST, connect
from runtime.settings import DEFAULT_ACCOUNT, Settings
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests.web.api_client import Client, an_app
from tests.web.posting import settings_of
from tests.web.served import Served, serve
from web import webhook
from web.create_app import create_app
from web.webhook import Receiver

ONLY = DEFAULT_ACCOUNT
NOBODY = "redis://127.0.0.1:1/0"


class Web(NamedTuple):
    """The web process: what one posts to, and what it counts."""

    client: FlaskClient
    recorder: Recorder


def flask_alone(settings: Settings, redis: Redis, recorder: Recorder) -> Flask:
    """Make an app that has the webhook's routes in Flask and no front before it."""
    app = Flask("alone")
    webhook.add_routes(app, Receiver(settings.accounts, redis, recorder))
    return app


@pytest.fixture(params=[create_app, flask_alone], ids=["front", "flask"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Web]]:
    """Make web processes both ways, because both must give the same answers."""
    clients: list[Redis] = []

    def made(url: str, **variables: str) -> Web:
        settings = settings_of(url, **variables)
        clients.append(connect(url, INGEST))
        recorder = Recorder(clients[-1])
        return Web(request.param(settings, clients[-1], recorder).test_client(), recorder)

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def client(redis: Redis) -> Client:
    """Ask the API of an installation in which nothing has happened yet."""
    return Client(an_app(redis))


@pytest.fixture
def app(redis_url: str) -> Iterator[Flask]:
    """Make the whole app on an empty server."""
    with connect(redis_url, INGEST) as client:
        yield create_app(settings_of(redis_url), client)


@pytest.fixture
def configured(redis: Redis) -> Iterator[Callable[..., None]]:
    """Change the server's configuration until the test is over."""
    before: dict[str, str] = {}

    def configure(**options: str | int) -> None:
        for option, value in options.items():
            name = option.replace("_", "-")
            before.setdefault(name, str(redis.config_get(name)[name]))
            redis.config_set(name, value)

    yield configure
    for name, value in before.items():
        redis.config_set(name, value)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[Served]:
    """Serve as the Procfile says, with a Redis of its own."""
    folder: Path = tmp_path_factory.mktemp("served")
    with EmbeddedRedis(folder / "redis", watchdog=watchdog) as server, serve(server, folder, watchdog) as served:
        yield served
