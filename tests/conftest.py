"""What every test may ask for: a real server, empty, and a webhook."""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import structlog
from flask import Flask
from hypothesis import HealthCheck, settings
from redis import Redis
from structlog.dev import ConsoleRenderer, plain_traceback
from werkzeug.routing import Rule

from runtime.logs import log
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests import compiled
from tests.distribution import Distribution, place_of
from tests.sharing import is_shared
from tests.simulator.webhook import Webhook
from workers.destinations import connections, sender

# A busy machine is slow: no example is judged by its time. And the same tree gives the same result, each time.
settings.register_profile("legwork", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("legwork")

VALUES_BETWEEN_COLLECTIONS = 50_000


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start one process more than there are cores: many tests wait for processes of the product."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution | None:
    """Keep together what is costly to start, where tests are distributed by files."""
    return Distribution(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure() -> None:
    """Have no test ask a proxy of the environment for what is on this machine, nor start what hears no Ctrl-C.

    A shell's job in the background ignores that, and so would what tests start and send it to.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [one for one in os.environ if one.lower().endswith("_proxy")]:
        del os.environ[name]


def pytest_collection() -> None:
    """Look for no garbage while the tests are read: almost nothing of it goes again."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage as seldom as the workers do, and never among the tests."""
    gc.freeze()
    gc.set_threshold(VALUES_BETWEEN_COLLECTIONS, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; have those follow each other that share what is costly to start."""
    items.sort(key=lambda item: (place_of(item.nodeid), not is_shared(item)))


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Forget how a command that a test has run in this process wanted logs to be written."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        vars(log).pop("bind", None)


@pytest.fixture(scope="session", autouse=True)
def tracebacks_as_python_has_them() -> None:
    """Draw no frames around tracebacks, nor all values in them, as is done where rich is there: that takes a second."""
    ConsoleRenderer.get_active().exception_formatter = plain_traceback


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Have all senders of a test process share what they read of this machine's certificates.

    A process of the product has one sender. A test process makes one with each installation, and reading some hundred
    certificates took longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sender, "tls_context", cache(connections.tls_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def apps_compiled_once() -> Iterator[None]:
    """Have all apps of a test process share their templates and routes, compiled.

    A process of the product makes one app. A test process makes one with most tests that ask for a page, and compiling
    took longer than they did.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": compiled.Templates()})
        patched.setattr(Rule, "_compile_builder", compiled.once(Rule._compile_builder))
        yield


@pytest.fixture(scope="session")
def watchdog() -> Iterator[Watchdog]:
    """End whatever a test started, even when the test run itself is killed."""
    with Watchdog() as watchdog:
        yield watchdog


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[EmbeddedRedis]:
    """Run one real embedded server for each test process; its address is `redis_server.url`."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), watchdog=watchdog) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis, redis: Redis) -> str:
    """Give the address of an empty server, for what makes its own connections."""
    return redis_server.url


@pytest.fixture
def redis(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    """Connect to an empty database; answers are bytes."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client
        for thread in threading.enumerate():  # a page that was drawn may still be counting, behind its reader's back
            if thread.name == "behind":
                thread.join()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Receive what RingCentral posts, and remember it."""
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
