"""The web process as an object, and as a real server in front of a Redis that may be frozen and killed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, cast

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
from web.front import Front
from web.webhook import Receiver

ONLY = DEFAULT_ACCOUNT
NOBODY = "redis://127.0.0.1:1/0"


class Web(NamedTuple):
    """The web process: what one posts to, and what it counts."""

    client: FlaskClient
    recorder: Recorder


def with_front(settings: Settings, redis: Redis, recorder: Recorder) -> tuple[Flask, Receiver]:
    """Make the whole app."""
    app = create_app(settings, redis, recorder)
    return app, cast("Front", app.wsgi_app).receiver


def flask_alone(settings: Settings, redis: Redis, recorder: Recorder) -> tuple[Flask, Receiver]:
    """Make an app that has the webhook's routes in Flask and no front before it."""
    app, receiver = Flask("alone"), Receiver(settings.accounts, redis, recorder)
    webhook.add_routes(app, receiver)
    return app, receiver


@pytest.fixture(params=[with_front, flask_alone], ids=["front", "flask"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Web]]:
    """Make web processes both ways, because both must give the same answers."""
    with ExitStack() as stack:

        def made(url: str, **variables: str) -> Web:
            settings = settings_of(url, **variables)
            client = stack.enter_context(connect(url, INGEST))
            recorder = Recorder(client)
            app, receiver = request.param(settings, client, recorder)
            stack.callback(receiver.close)
            return Web(app.test_client(), recorder)

        yield made


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
