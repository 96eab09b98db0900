"""What reached the CRM: all that was published, in order, the same to the byte each time; and whom nobody may reach."""

from collections import Counter
from typing import Final

from scripts.crms.journal import all_attempts, two_bodies, wrong_order
from scripts.soaking.consumer import OK
from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, finding
from scripts.soaking.outcome_checks import published
from scripts.soaking.plant import Plant

MOST_TAKEN_AGAIN: Final = 0.1
"""Of the events: what was answered while somebody was killed, or cut off from Redis, is sent again."""


def delivered(plant: Plant, _: Course) -> Finding:
    """Every event has arrived, but for those that gave way to a later revision, which did."""
    there = {event.id for _, event in published(plant)}
    taken = plant.consumer.taken()
    replaced = {one.event_id for one in all_attempts(plant.patient, plant.destination) if one.verdict == "replaced"}
    last: dict[str, int] = {}
    for event_id in taken:
        call, __, revision = event_id.rpartition("/")
        last[call] = max(last.get(call, -1), int(revision))
    given_way = {one for one in replaced if last.get(one.rpartition("/")[0], -1) > int(one.rpartition("/")[2])}
    faults = [f"{event_id} never arrived" for event_id in sorted(there - taken - given_way)]
    faults += [f"{event_id} was never published" for event_id in sorted(taken - there)]
    good = f"{len(taken):,} of {len(there):,}; {len(given_way - taken):,} gave way to a later revision"
    return finding("the CRM got exactly what was published", faults, good)


def bodies(plant: Plant, _: Course) -> Finding:
    """Look for events that came with two bodies."""
    arrivals = plant.consumer.arrivals
    good = f"{len(arrivals) - len({one.event_id for one in arrivals}):,} events were sent again"
    return finding("what is sent again is the same to the byte", two_bodies(arrivals), good)


def needless(plant: Plant, _: Course) -> Finding:
    """Count the events that were sent again though the CRM had taken them."""
    times = Counter(one.event_id for one in plant.consumer.arrivals if one.status == OK)
    again = sum(count > 1 for count in times.values())
    faults = [f"{again:,} of {len(times):,}"] * (again > MOST_TAKEN_AGAIN * len(times))
    return finding("seldom is an event sent again that was taken", faults, f"{again:,} of {len(times):,}")


def order(plant: Plant, _: Course) -> Finding:
    """Look for calls of which an earlier revision came after a later one."""
    arrivals = plant.consumer.arrivals
    good = f"{len({one.event_id.rpartition('/')[0] for one in arrivals}):,} calls"
    return finding("the revisions of a call arrive in their order", wrong_order(arrivals), good)


def canary(plant: Plant, _: Course) -> Finding:
    """Count who talked to the canary. That nobody did says something only where somebody was sent there."""
    visits = plant.canary.visits
    tried = len({one.event_id for one in all_attempts(plant.patient, plant.trap)})
    wanted = sum(event.data["outcome"] == plant.trapped for _, event in published(plant) if event.revision)
    faults = [f"{visits} connections were made"] * (visits > 0) + ["no event was sent there"] * (
        wanted > 0 and not tried
    )
    good = f"the canary saw nobody, in {tried:,} events that were to go there"
    return finding("nobody was made to talk to our own network", faults, good)
