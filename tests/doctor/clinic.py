"""An installation as the doctor sees it: settings, a Redis with workers, RingCentral in a box, and our own webhook."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Self

from redis import Redis

from runtime import keys, settings
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.metrics import Recorder
from runtime.redis_client import WORK, connect
from scripts.checkup.checks import CHECKS, examine
from scripts.checkup.findings import Patient, Severity, Told
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, RunningSimulator
from workers.dependencies import Dependencies
from workers.rq_worker import StageWorker

ACCOUNT = "default"


class Receiver:
    """A webhook that shakes hands, well or badly: `answer` holds what it does otherwise."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {}
        self.paths: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                how = receiver.answer
                receiver.paths.append(self.path)
                self.send_response(how.get("status", 200))
                if how.get("echo", True):
                    self.send_header("Validation-Token", self.headers.get("Validation-Token", ""))
                self.send_header("Content-Type", how.get("content_type", "application/json; charset=utf-8"))
                self.send_header("X-Filler", "x" * how.get("filler", 0))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Clinic:
    """Has everything there that should be, until a test takes it away."""

    def __init__(self, redis_url: str, platform: RunningSimulator, receiver: Receiver) -> None:
        self.redis: Redis = connect(redis_url, WORK)
        self.platform = platform
        self.receiver = receiver
        self.environ = {
            "REDIS_URL": redis_url,
            "RC_SERVER_URL": platform.url,
            "RC_APP_CLIENT_ID": CLIENT_ID,
            "RC_APP_CLIENT_SECRET": CLIENT_SECRET,
            "RC_USER_JWT": USER_JWT,
            "RC_VERIFICATION_TOKEN": "what-only-ringcentral-knows",
            "ADMIN_TOKEN": "a-token-that-nobody-guesses",
            "SECRETS_KEY": "a-key-for-secrets",
            "PUBLIC_URL": receiver.url,
            "HEAVY_LIMIT": "6000",
        }
        self._workers: list[StageWorker] = []
        for stage in Stage:
            self.add_worker(stage)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()

    @property
    def now(self) -> float:
        return redis_time(self.redis)

    def add_worker(self, stage: Stage) -> StageWorker:
        """Have a worker announce itself as RQ's do."""
        made = Dependencies(settings.load(MappingProxyType(self.environ)), self.redis, Recorder())
        worker = StageWorker(stage, self.redis, made)
        worker.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        self._workers.append(worker)
        return worker

    def worker_key(self, stage: Stage) -> str:
        """Name the hash of a stage's worker."""
        return str(next(one.key for one in self._workers if f"legwork-{stage}" in one.queue_names()))

    def ring(self, bell: str, *, ago: float) -> None:
        """Set a bell that should have been rung some time ago."""
        self.redis.zadd(keys.BELLS, {bell: self.now - ago})

    def examine(self, check: str) -> list[Told]:
        """Make one check; give what it has to say that is not good."""
        try:
            ours: settings.Settings | None = settings.load(MappingProxyType(self.environ))
        except settings.SettingsError:
            ours = None
        patient = Patient(self.environ, ours, self.redis)
        chosen = tuple(one for one in CHECKS if one.name == check)
        assert chosen, f"no check {check}"
        return [one for one in examine(patient, chosen) if one.severity is not Severity.OK]
