"""What befalls the subscription in a soak, and whether the guardian has put it right in the end."""

import signal
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, Final

from redis import RedisError

from runtime import bells, guarding
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.settings import DEFAULT_ACCOUNT
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from telephony.subscriptions import Health

RESTART_SECONDS: Final = 4.0
GUARDED_SECONDS: Final = 75.0
"""The guardian looks each minute."""

_LOOK_SECONDS: Final = 0.5


def lose(how: str, plant: Plant, _chance: Random, _seconds: float) -> Callable[[], None]:
    """Have RingCentral deliver no more. The guardian looks when the fault is over: its minute is shorter here, too."""
    plant.box.fault(how)
    return partial(guard, plant)


def rotate_token(plant: Plant, _chance: Random, _seconds: float) -> Callable[[], None]:
    """Replace the verification token as the manual has it: both are listed, web is restarted, then the guardian."""
    plant.rotate_tokens()
    for name in ("web", "upkeep"):
        plant.signal(name, signal.SIGTERM)
        time.sleep(RESTART_SECONDS)
    return partial(guard, plant)


def guard(plant: Plant) -> None:
    """Have the guardian look now."""
    bells.ring_at(plant.patient, Stage.UPKEEP, DEFAULT_ACCOUNT, redis_time(plant.patient))


def guarded(plant: Plant) -> Finding:
    """Find one subscription that delivers, known to the guardian, with the newest token; it may need a minute."""
    deadline = time.monotonic() + GUARDED_SECONDS
    while (faults := _faults(plant)) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return finding("RingCentral delivers, to one subscription with the newest token", faults, "one, active")


def subscriptions(plant: Plant) -> list[dict[str, Any]]:
    """List the subscriptions as RingCentral has them."""
    listed: list[dict[str, Any]] = plant.box.status()["subscriptions"]
    return listed


def _faults(plant: Plant) -> list[str]:
    try:
        known = guarding.load(plant.patient, DEFAULT_ACCOUNT)
    except RedisError as error:
        return [f"{type(error).__name__}: {error}"]
    there = {one["id"]: one["status"] for one in subscriptions(plant)}
    faults = [f"there are {len(there)}"] * (len(there) != 1)
    faults += [f"{name} is {status}" for name, status in there.items() if status != "Active"]
    faults += [f"the guardian knows another one, which is {known.health}"] * (known.id not in there)
    faults += [f"the guardian finds it {known.health}"] * (known.health is not Health.ACTIVE)
    return faults + ["it has an older token"] * (known.token != guarding.fingerprint(plant.tokens[0]))
