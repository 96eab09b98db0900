"""Tell people how a replay stands, what it found, and how far it is while it runs."""

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from redis import Redis
from tqdm import tqdm

from runtime import replays
from runtime.replay_documents import done, replay_document, share
from runtime.replays import Finding, Level, Replay, State
from scripts.terminal.redis_server import patiently
from scripts.terminal.tables import Column, cell, table

LOOK_SECONDS: Final = 0.3
NOBODY_SECONDS: Final = 15.0
"""After so long without anybody taking it up, somebody is told so."""

MOST_SHOWN: Final = 50
_LONGEST: Final = 60
_PARTS: Final = 1000


def follow(redis: Redis, replay: Replay) -> Replay:
    """Show how far a replay is, with an estimate, until it is over. Whoever stops watching is told that it goes on."""
    try:
        return _to_the_end(redis, replay)
    except KeyboardInterrupt:
        print(f"it goes on: ./scripts/replay.py --show {replay.id}", file=sys.stderr)
        raise


def _to_the_end(redis: Redis, replay: Replay) -> Replay:
    warned, began = False, time.monotonic()
    with tqdm(total=_PARTS, file=sys.stderr, bar_format=_BAR, desc=replay.id, disable=None) as bar:
        while not replay.is_over:
            time.sleep(LOOK_SECONDS)
            found = patiently(partial(replays.load, redis, replay.account, replay.id))
            if found is None:
                return replay
            replay = found
            bar.set_postfix_str(_where(replay))
            bar.update(round(share(replay) * _PARTS) - int(bar.n))
            waits = replay.progress.state is State.WAITING and time.monotonic() - began > NOBODY_SECONDS
            if waits and not warned:
                warned = True
                bar.write("nobody has taken it up yet: is a `python -m workers replay` running?", file=sys.stderr)
    return replay


_BAR: Final = "{desc} {percentage:3.0f}% |{bar}| {elapsed} so far, {remaining} to go{postfix}"


def _where(replay: Replay) -> str:
    progress = replay.progress
    waits = f", waits for {progress.why}" if progress.why and not replay.is_over else ""
    return f"{replay.state}: {done(replay)} calls, {replay.changed} differ, {progress.requests} requests{waits}"


def summary(replay: Replay) -> Iterator[str]:
    """Say what came of a replay."""
    progress, asked = replay.progress, replay.asked
    took = (progress.finished_at or 0.0) - (progress.started_at or 0.0)
    if asked.level is Level.BACKFILL:
        yield f"{replay.id} {replay.state}: {done(replay)} calls seen with {progress.requests} requests"
    else:
        what = "would change" if asked.dry_run else "changed"
        if asked.level is Level.DELIVER:
            what = "would be sent again" if asked.dry_run else "are sent again"
        yield f"{replay.id} {replay.state}: of {done(replay)} calls {replay.changed} {what}"
    if replay.missing:
        what = "no event is stored" if asked.level is Level.DELIVER else "there is no final record"
        yield f"of {replay.missing} calls {what}"
    if replay.is_over and took > 0:
        yield f"it took {took:.1f} s and {progress.requests} request{'s' * (progress.requests != 1)}"
    if progress.why:
        yield progress.why if progress.state in {State.DONE, State.CANCELLED} else f"because: {progress.why}"
    if asked.dry_run and replay.changed:
        yield "nothing was published: this was a dry run"


def changes(found: Sequence[Finding]) -> Iterator[str]:
    """Tell what differs, call by call: field, before, after."""
    for one in found[:MOST_SHOWN]:
        to = f" to {', '.join(one.destinations)}" if one.destinations else ""
        yield f"{one.call}  revision {one.revision}{to}"
        for each in one.differences:
            yield f"    {each.field}: {_short(each.before)} -> {_short(each.after)}"
    if len(found) > MOST_SHOWN:
        yield f"and {len(found) - MOST_SHOWN} more; --json shows all"


def replay_list(found: Sequence[Replay], *, now: float) -> list[str]:
    """Lay out replays as a table, with their accounts where these are several."""
    are_several = len({one.account for one in found}) > 1
    columns = [
        *(Column(name) for name in ("replay", *(("account",) if are_several else ()), "level", "asked", "state")),
        *(Column(name, right=True) for name in ("calls", "differ", "requests", "done")),
    ]
    documents = [replay_document(one, now=now) for one in found]
    return table(
        columns,
        (
            (
                one.id,
                *((one.account,) if are_several else ()),
                f"{one.level}{' (dry run)' if one.dry_run else ''}",
                one.asked_at[:19],
                one.state,
                one.total,
                one.changed,
                one.requests,
                f"{one.share:.0%}",
            )
            for one in documents
        ),
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    shown = cell(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
