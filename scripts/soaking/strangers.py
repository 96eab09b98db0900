"""What strangers and careless colleagues do to the product: hostile bodies, slow connections, forged jobs."""

import shlex
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import msgspec
import requests
from redis import Redis

from runtime.bells import Stage, queue_name
from scripts.soaking.findings import Finding, finding
from scripts.soaking.hostile import BODIES
from scripts.soaking.plant import TOKEN, Plant
from scripts.supervisor.box import local_session

SLOW_CLIENTS: Final = 150
WRONG_TOKENS: Final = 100
FORGED: Final = ("forged", "pickled", "broken")
"""Jobs nobody of us wrote, by the beginning of their ids."""

HOSTILE, WRONG = "a hostile body", "a wrong token"
NO_ANSWER: Final = 0
OK, REFUSED, NOT_NOW = 200, 401, 503
ANSWERS: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {HOSTILE: frozenset({OK, NOT_NOW, NO_ANSWER}), WRONG: frozenset({REFUSED, NO_ANSWER})}
)
"""What each of them may be answered, whatever else goes on: who has the token is no stranger, whatever it posts."""

_TIMEOUT: Final = 3.0


def post_hostile_bodies(plant: Plant, _chance: Random, _seconds: float) -> None:
    """Post every hostile body with the right token."""
    with local_session() as http:
        for body in BODIES.values():
            plant.answers[HOSTILE, _post(http, plant.webhook, body, TOKEN)] += 1


def try_tokens(plant: Plant, chance: Random, _seconds: float) -> None:
    """Knock many times with wrong tokens, some of them no text at all."""
    with local_session() as http:
        for _ in range(WRONG_TOKENS):
            token = chance.choice(["", "wrong", "\xe9\xff", TOKEN[:-1], "x" * 4000])
            plant.answers[WRONG, _post(http, plant.webhook, b"{}", token)] += 1


def hold_slow_connections(plant: Plant, _chance: Random, seconds: float) -> Callable[[], None]:
    """Announce bodies and send a byte of them now and then, over more connections than any server has threads."""
    url = urlsplit(plant.webhook)
    head = (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nVerification-Token: {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    ).encode()
    slow = []
    for _ in range(SLOW_CLIENTS):
        try:
            one = socket.create_connection((url.hostname or "", url.port or 0), timeout=1)
            one.sendall(head)
        except OSError:
            continue
        slow.append(one)
    until = time.monotonic() + seconds / 2
    while time.monotonic() < until:
        time.sleep(0.5)
        for one in slow:
            try:
                one.sendall(b"{")
            except OSError:  # it had enough of us
                continue

    def leave() -> None:
        for one in slow:
            one.close()

    return leave


def forge_jobs(plant: Plant, chance: Random, _seconds: float) -> None:
    """Write jobs into the queues that run a program, unpickle something, or are no jobs at all."""
    redis: Redis = plant.redis
    queue = queue_name(chance.choice([Stage.TRACK, Stage.RESOLVE, Stage.DELIVER]))
    now = "2026-01-01T00:00:00.000000Z"
    for kind, fields in _forged(plant).items():
        name = f"{kind}-{chance.randrange(10**9)}"
        whole = {"created_at": now, "enqueued_at": now, "status": "queued", "origin": queue, **fields}
        redis.hset(f"rq:job:{name}", mapping=whole)  # type: ignore[arg-type]  # text and bytes are both welcome
        redis.expire(f"rq:job:{name}", 60)
        redis.rpush(f"rq:queue:{queue}", name)
        plant.forged += 1


def _forged(plant: Plant) -> Mapping[str, Mapping[str, str | bytes]]:
    """Write down jobs that leave a trace where somebody runs them, or only opens them."""
    command = f"touch {shlex.quote(str(trace(plant)))}"
    call = msgspec.json.encode(["os.system", None, [command], {}])
    jobs: tuple[Mapping[str, str | bytes], ...] = (
        {"data": call},
        {"data": f"cos\nsystem\n(V{command}\ntR.".encode()},
        {"data": "{}", "created_at": "no date", "enqueued_at": "never"},
    )
    return dict(zip(FORGED, jobs, strict=True))


def trace(plant: Plant) -> Path:
    """Say where a forged job leaves its trace."""
    return plant.data.resolve() / "a-forged-job-was-run"


def answered(plant: Plant) -> Finding:
    """Look for answers that a stranger must not get, nor RingCentral, whatever it posts."""
    faults = (
        f"{what} was answered {status}, {count} times"
        for (what, status), count in sorted(plant.answers.items())
        if status not in ANSWERS[what]
    )
    count = sum(count for (_, status), count in plant.answers.items() if status != NO_ANSWER)
    good = f"{count:,} wrong tokens and hostile bodies were answered"
    return finding("strangers are refused, and nothing RingCentral may post is", faults, good)


def _post(http: requests.Session, url: str, body: bytes, token: str) -> int:
    """Post something, and give the status of the answer."""
    headers: dict[str, str | bytes | None] = {
        "Verification-Token": token.encode("latin-1"),
        "Content-Type": "application/json",
    }
    try:
        return http.post(url, body, headers=headers, timeout=_TIMEOUT).status_code
    except requests.RequestException:  # other faults go on at the same time
        time.sleep(0.05)
        return NO_ANSWER
