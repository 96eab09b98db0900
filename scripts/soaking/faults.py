"""The faults of a soak: one table from name to what is done, for how long, and how soon all must flow again."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct
from redis import RedisError

from scripts.soaking import strangers, subscription
from scripts.soaking.consumer import Mood
from scripts.soaking.plant import Plant
from scripts.supervisor.processes import descendants
from scripts.supervisor.procfile import processes

Undo = Callable[[], object] | None
Begin = Callable[[Plant, Random, float], Undo]


class Fault(Struct, frozen=True):
    """One row: its lane, in which one fault happens at a time, and how long it lasts (seconds, from and to).

    `simulated` is what RingCentral in a box calls it, which counts how often it was felt.
    """

    lane: str
    begin: Begin
    seconds: tuple[float, float] = (0.0, 0.0)
    from_minutes: float = 0.0
    simulated: str = ""


def _kill_server(plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.kill_server()
    return plant.revive_server


def _freeze_server(plant: Plant, _chance: Random, _seconds: float) -> Undo:
    group = plant.server.group
    group.send(signal.SIGSTOP)
    return partial(group.send, signal.SIGCONT)


def _configured(name: str, value: Callable[[Plant], int], normal: str, plant: Plant, _: Random, __: float) -> Undo:
    plant.patient.config_set(name, value(plant))
    return partial(plant.patient.config_set, name, normal)


def _nearly_full(plant: Plant) -> int:
    return int(plant.patient.info("memory")["used_memory"] * 1.01)


def _rewrite(plant: Plant, _chance: Random, _seconds: float) -> None:
    with suppress(RedisError):  # one is being written already
        plant.redis.bgrewriteaof()


def _cut(side: str, plant: Plant, _chance: Random, _seconds: float) -> None:
    plant.proxies[side].cut()


def _stalled(side: str, plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.proxies[side].stall()
    return plant.proxies[side].resume


def _refused(side: str, plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.proxies[side].refuse()
    return plant.proxies[side].resume


def _lose_answers(side: str, plant: Plant, chance: Random, _seconds: float) -> None:
    for _ in range(chance.randint(3, 10)):
        plant.proxies[side].lose_answer()
        time.sleep(chance.uniform(0.05, 0.3))


def _signalled(name: str, number: signal.Signals, plant: Plant, _chance: Random, _seconds: float) -> None:
    plant.signal(name, number)


def _stopped(name: str, plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.signal(name, signal.SIGSTOP)
    return partial(plant.signal, name, signal.SIGCONT)


def _one_web_process(plant: Plant, chance: Random, _seconds: float) -> None:
    group = plant.group("web")
    family = descendants(group.pid) if group is not None else []
    if family:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(family).pid, signal.SIGKILL)


def _rolling(plant: Plant, _chance: Random, _seconds: float) -> None:
    for process in plant.processes:
        plant.signal(process.name, signal.SIGTERM)
        time.sleep(0.5)


def _of_ringcentral(fault: str, fields: Mapping[str, Any], plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.box.fault(fault, **fields)
    if fields.get("group") == "light":  # of which there are few, but for the guardian's
        with suppress(RedisError):
            subscription.guard(plant)
    return partial(plant.box.fault, "clear")


def _broken_feeds(plant: Plant, _chance: Random, _seconds: float) -> Undo:
    """Break both: one is used only where RingCentral does not allow the other."""
    for feed in ("call-log-extract-sync", "call-log-sync"):
        plant.box.fault("break", endpoint=feed)
    return partial(plant.box.fault, "clear")


def _mood(mood: Mood, plant: Plant, _chance: Random, _seconds: float) -> Undo:
    plant.consumer.mood = mood
    return partial(setattr, plant.consumer, "mood", Mood.WELL)


def _processes() -> dict[str, Fault]:
    names = [entry.name for entry in processes()]
    killed = {f"{name}: kill -9": Fault("processes", partial(_signalled, name, signal.SIGKILL)) for name in names}
    stalled = {
        f"{name}: stopped past its lease, then woken": Fault("processes", partial(_stopped, name), (12, 14))
        for name in names
        if name in {"track", "resolve", "deliver"}
    }
    return {
        **killed,
        **stalled,
        "web: one of its processes killed": Fault("processes", _one_web_process),
        "all: SIGTERM, one after the other": Fault("processes", _rolling),
        "web and upkeep: a new verification token": Fault("processes", subscription.rotate_token, (9, 10)),
    }


def _of_the_platform() -> dict[str, Fault]:
    rows: tuple[tuple[str, dict[str, Any], tuple[float, float]], ...] = (
        ("rate_limit", {"group": "heavy", "retryAfter": "seconds"}, (4, 7)),
        ("rate_limit", {"group": "heavy", "retryAfter": "date"}, (4, 7)),
        ("rate_limit", {"group": "light", "retryAfter": "absent"}, (4, 7)),
        ("answer_status", {"count": 3, "status": 503}, (3, 6)),
        ("answer_status", {"count": 2, "status": 500}, (3, 6)),
        ("answer_html", {"count": 2}, (3, 6)),
        ("truncate", {"count": 2}, (3, 6)),
        ("reset", {"count": 3}, (3, 6)),
        ("stall", {"count": 1, "seconds": 4}, (5, 8)),
        ("forbid", {"endpoint": "call-log-extract-sync"}, (5, 10)),
        ("expire_sync_tokens", {}, (0, 0)),
        ("revoke_tokens", {}, (0, 0)),
        ("extra_lag", {"seconds": 10}, (4, 8)),
        ("drop_webhooks", {"share": 0.3}, (3, 8)),
        ("drop_final_webhooks", {"share": 0.5}, (3, 8)),
        ("duplicate_webhooks", {"share": 0.5}, (3, 8)),
        ("shuffle_webhooks", {"seconds": 3}, (3, 8)),
    )
    faults = {
        " ".join(("RingCentral:", name, *(str(value) for value in fields.values()))): Fault(
            "ringcentral", partial(_of_ringcentral, name, fields), seconds, simulated=name
        )
        for name, fields, seconds in rows
    }
    return {**faults, "RingCentral: break the feeds": Fault("ringcentral", _broken_feeds, (3, 6), simulated="break")}


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "Redis: kill -9": Fault("redis", _kill_server, (0.2, 3)),
        "Redis: away for long": Fault("redis", _kill_server, (15, 20), from_minutes=3),
        "Redis: away for a minute": Fault("redis", _kill_server, (60, 60), from_minutes=8),
        "Redis: frozen": Fault("redis", _freeze_server, (1, 5)),
        "Redis: full": Fault("redis", partial(_configured, "maxmemory", _nearly_full, "1gb"), (2, 5)),
        "Redis: takes no writes": Fault(
            "redis", partial(_configured, "min-replicas-to-write", lambda _: 1, "0"), (1, 4)
        ),
        "Redis: rewrites its append-only file": Fault("redis", _rewrite),
        "network: web cut from Redis": Fault("redis", partial(_cut, "web")),
        "network: workers cut from Redis": Fault("redis", partial(_cut, "workers")),
        "network: web's packets to Redis dropped": Fault("redis", partial(_stalled, "web"), (1, 3)),
        "network: workers partitioned past their lease": Fault(
            "redis", partial(_stalled, "workers"), (12, 14), from_minutes=1
        ),
        "network: workers refused by Redis": Fault("redis", partial(_refused, "workers"), (2, 5)),
        "network: Redis's answers to web lost": Fault("redis", partial(_lose_answers, "web")),
        "network: Redis's answers to workers lost": Fault("redis", partial(_lose_answers, "workers")),
        "network: cut from RingCentral": Fault("ringcentral", partial(_cut, "ringcentral")),
        "network: RingCentral's answers lost": Fault("ringcentral", partial(_lose_answers, "ringcentral")),
        "network: RingCentral refuses connections": Fault("ringcentral", partial(_refused, "ringcentral"), (2, 4)),
        **_processes(),
        **_of_the_platform(),
        **{
            f"RingCentral: {how.replace('_', ' ')}": Fault(
                "ringcentral", partial(subscription.lose, how), (4, 8), simulated=how
            )
            for how in ("blacklist_subscriptions", "delete_subscriptions", "expire_subscriptions")
        },
        **{f"CRM: {mood}": Fault("crm", partial(_mood, mood), (2, 5)) for mood in Mood if mood is not Mood.WELL},
        "strangers: hostile bodies": Fault("strangers", strangers.post_hostile_bodies),
        "strangers: wrong tokens": Fault("strangers", strangers.try_tokens),
        "strangers: slow bodies": Fault("strangers", strangers.hold_slow_connections, (4, 8)),
        "strangers: forged jobs": Fault("strangers", strangers.forge_jobs),
    }
)
