"""Redis away once and for long, with calls coming all along: how soon everything is as before, and at what price."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import Any, Final, cast

from runtime import keys, streams
from runtime.settings import DEFAULT_ACCOUNT
from scripts.soaking.consumer import OK
from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from scripts.soaking.schedule import Planned
from scripts.soaking.subscription import subscriptions
from scripts.supervisor.summary import OUTCOME

FAULT: Final = "Redis: away for a minute"
BEFORE_SECONDS: Final = 20.0
AFTER_SECONDS: Final = 40.0
FLOWING_SECONDS: Final = 10.0


def plan(seconds: float) -> tuple[Planned, ...]:
    """Plan the one fault there is."""
    return (Planned(BEFORE_SECONDS, FAULT, seconds),)


def minutes(seconds: float) -> float:
    """Say how long calls come: before it, during it, after it."""
    return (BEFORE_SECONDS + seconds + AFTER_SECONDS) / 60


def judge(plant: Plant, course: Course) -> tuple[Finding, ...]:
    """Say how soon all flows again after Redis's return, and whether RingCentral minded."""
    (away,) = course.faults
    rows = plant.patient.xrange(keys.inbox(DEFAULT_ACCOUNT), min=f"{int(away.over * 1000)}", count=1)
    accepted = [streams.added_at(place.decode()) for place, _ in cast("list[Any]", rows)]
    outcomes = _first_outcomes(plant)
    return (
        _flowing("notifications are accepted", accepted, away.over),
        _flowing("outcomes flow", outcomes.values(), away.over),
        _flowing("events reach the CRM", [one.at for one in plant.consumer.arrivals if one.status == OK], away.over),
        _waited(plant, outcomes, away.began, away.over),
        _stored(plant),
        _subscription(plant, away.began),
    )


def _first_outcomes(plant: Plant) -> dict[str, float]:
    """Say when the first outcome of each call was published."""
    told: dict[str, float] = {}
    for place, event in plant.reader.events.items():
        if event.type == OUTCOME:
            told[event.subject] = min(streams.added_at(place.decode()), told.get(event.subject, float("inf")))
    return told


def _flowing(what: str, times: Iterable[float], over: float) -> Finding:
    took = min((at - over for at in times if at >= over), default=None)
    faults = ["never"] if took is None else [f"after {took:.1f} s"] * (took > FLOWING_SECONDS)
    return finding(f"{what} again within {FLOWING_SECONDS:.0f} s of Redis's return", faults, f"after {took or 0:.1f} s")


def _waited(plant: Plant, outcomes: dict[str, float], began: float, over: float) -> Finding:
    """Find the calls whose record appeared while Redis was away, and whose outcome had to wait for its return."""
    visible = {one.telephony_session_id: one.record_visible_at for one in plant.box.truths()}
    waiting = [one for one, at in visible.items() if at is not None and began <= at.timestamp() <= over]
    took = sorted(outcomes[one] - over for one in waiting if one in outcomes)
    faults = [f"{one} has none" for one in waiting if one not in outcomes]
    if not took:
        return finding("the calls that waited got their outcome", faults, "none had to wait")
    good = f"{len(took):,}: half of them within {median(took):.1f} s, nine of ten {took[len(took) * 9 // 10]:.1f} s"
    return finding("the calls that waited got their outcome", faults, f"{good}, the last after {took[-1]:.1f} s")


def _stored(plant: Plant) -> Finding:
    """Hold what RingCentral was answered 200 for against the inbox, which also has what was stored and not answered."""
    told = plant.box.status()["webhooks"]
    stored, acknowledged = plant.patient.xlen(keys.inbox(DEFAULT_ACCOUNT)), told["sent"]
    faults = [f"{acknowledged - stored:,} are not there"] * (stored < acknowledged)
    good = f"{acknowledged:,} acknowledged, {told['failed']:,} refused or not answered"
    return finding("every notification that was acknowledged is stored", faults, good)


def _subscription(plant: Plant, began: float) -> Finding:
    """Find the subscription as it was before, and delivering."""
    there = subscriptions(plant)
    faults = [f"{one['id']} is {one['status']}" for one in there if one["status"] != "Active"]
    faults += [f"there are {len(there)}"] * (len(there) != 1)
    made = [datetime.fromisoformat(one["creationTime"]).timestamp() for one in there]
    faults += ["it was made anew"] * any(at > began for at in made)
    return finding("RingCentral's subscription is unharmed", faults, "the same, Active")
