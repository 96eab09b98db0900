"""A plant in which nothing runs: what a soak leaves behind, as a test has written it down."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from redis import Redis

from runtime import keys, ledger
from runtime.bells import Stage
from runtime.inbox import Inbox
from runtime.leases import lease
from runtime.ledger import Tracked
from runtime.settings import DEFAULT_ACCOUNT
from scripts.benchmarks.box_client import Box
from scripts.crms.receiver import Arrival
from scripts.soaking.canary import Canary
from scripts.soaking.consumer import Consumer
from scripts.soaking.driving import Course, Happened
from scripts.soaking.faults import FAULTS
from scripts.soaking.plant import Plant
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.summary import Event, Report
from telephony.sessions import Session

BEGAN = 1_790_000_000.0
REDIS_FAULT = next(name for name, fault in FAULTS.items() if fault.lane == "redis")


class BoxOfTruths:
    """RingCentral in a box, as far as the oracle asks it."""

    def __init__(self) -> None:
        self.truths: list[dict[str, Any]] = []
        self.webhooks: dict[str, int] = {}

    def truths_as(self, kind: Any) -> tuple[Any, ...]:
        """Tell as much of every call as `kind` holds."""
        return tuple(msgspec.convert(self.truths, type=list[kind]))

    def status(self) -> dict[str, Any]:
        """Tell what was sent."""
        return {"webhooks": self.webhooks}


def a_plant(redis_url: str, data: Path) -> Plant:
    """Make a plant whose Redis is there, and in which everything else is what tests say."""
    return Plant(
        server=cast("EmbeddedRedis", SimpleNamespace(url=redis_url)),
        box=cast("Box", BoxOfTruths()),
        consumer=Consumer(0, ""),
        bird=cast("Canary", SimpleNamespace(visits=0)),
        data=data,
    )


def a_course(*faults: tuple[float, float], played: float = 60.0, settled_after: float = 20.0) -> Course:
    """Tell of a soak whose faults of Redis began and were over so many seconds after its first call."""
    happened = tuple(Happened(REDIS_FAULT, BEGAN + began, BEGAN + over) for began, over in faults)
    nothing = Report((), ())
    return Course(BEGAN, BEGAN + played, happened, 1, settled=True, settled_after=settled_after, report=nothing)


def acknowledged(plant: Plant, call: str, *sequences: int) -> None:
    """Have RingCentral remember that it was answered 200 for these notifications, and that there were no others."""
    truth = {"telephonySessionId": call, "scenario": "inbound_missed", "acknowledged": sequences, "heard": True}
    cast("BoxOfTruths", plant.box).truths.append(truth)


def listed(plant: Plant, call: str, *, recorded: bool) -> None:
    """Have RingCentral's call log hold a call, with a recording or without one."""
    cast("BoxOfTruths", plant.box).truths.append({"telephonySessionId": call, "recorded": recorded})


def posted(plant: Plant, *, sent: int, failed: int, late: int) -> None:
    """Have RingCentral remember how many notifications were answered 200, and how many of all waited for long."""
    cast("BoxOfTruths", plant.box).webhooks = {"sent": sent, "failed": failed, "late": late}


def stored(redis: Redis, *bodies: bytes) -> None:
    """Append to the inbox, as web does."""
    Inbox(redis, DEFAULT_ACCOUNT).append(*bodies)


def tracked(redis: Redis, *sessions: Session) -> None:
    """Keep sessions, as track does."""
    with lease(redis, DEFAULT_ACCOUNT, Stage.TRACK) as held:
        held.commit(
            [ledger.write_tracked(DEFAULT_ACCOUNT, Tracked(one, time.time()), retention=600) for one in sessions]
        )


def published(redis: Redis, event_id: str, **data: Any) -> None:
    """Append an event to the outcome log."""
    subject, _, revision = event_id.rpartition("/")
    event = {
        "id": event_id,
        "type": "legwork.call.outcome" if int(revision) else "legwork.call.ended",
        "subject": subject,
        "data": {"revision": int(revision), "confirmed": True, "outcome": "answered"} | data,
    }
    redis.xadd(keys.OUTCOMES, {"event": msgspec.json.encode(event)})


def read_by_the_group(plant: Plant, events: Sequence[tuple[bytes, bytes]]) -> None:
    """Have the consumer group have read events at their places."""
    plant.reader.events = {place: msgspec.json.decode(text, type=Event) for place, text in events}


def arrived(plant: Plant, event_id: str, *, body: bytes = b"1", status: int = 200) -> None:
    """Have an event have come to the CRM."""
    plant.consumer.arrivals.append(Arrival(BEGAN, event_id, body, status))
