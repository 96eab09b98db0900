"""Hold the end of a call that went on in another session, for as long as it is on there.

A caller who was parked has left the session when somebody picks the call up, and talks on in another. Taking the first
as over would give its outcome while the conversation is on. Held sessions stay in the list of quiet ones; the end of
the other one brings their time forward, and they look for themselves now and then, should its end never be told.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from runtime import keys, links
from runtime.leases import Command
from runtime.ledger import Tracked
from runtime.settings import Settings
from workers.tracking.changing import ends_at
from workers.tracking.conversations import Gathered

LOOK_SECONDS: Final = 15.0
"""How often a held session looks whether the other one is on, beside being told of its end."""


def held(after: Mapping[str, Tracked], over: Sequence[str], gathered: Gathered) -> frozenset[str]:
    """List those of the sessions that seem over whose call is on in another: one that is open, and not over as well."""
    still_open = gathered.open - set(over)
    on: set[str] = set()
    for session_id in over:
        record = after.get(session_id)
        if record is None or record.ended_at is not None:
            continue
        # Sessions that are held are on for those before them: all of a chain is looked through at once.
        if not still_open.isdisjoint(gathered.goes_on_in(record.session)):
            on.add(session_id)
    return frozenset(on)


def wait(account: str, holding: frozenset[str], *, now: float) -> list[Command]:
    """Give the commands that let held sessions look again later."""
    return [("ZADD", keys.quiet(account), f"{now + LOOK_SECONDS:.3f}", one) for one in sorted(holding)]


def ended(account: str, ids: Sequence[str], gathered: Gathered, settings: Settings, *, now: float) -> list[Command]:
    """Give the commands that tell conversations of sessions' ends: what they held looks again; all is judged anew.

    Those of the sessions that leave the list of quiet ones come before.
    """
    others = {one: gathered.others(one) for one in ids}
    commands: list[Command] = []
    for other in sorted(frozenset[str]().union(*others.values())):
        record = gathered.tracked.get(other)
        if record is None or record.ended_at is not None:
            continue
        due = ends_at(account, record, settings)
        if due is not None:
            commands.append(("ZADD", keys.quiet(account), "XX", "LT", f"{max(now, due):.3f}", other))
    linked = [one for one in ids if others[one]]
    return [*commands, *(command for one in linked for command in links.changed(account, one, now=now))]
