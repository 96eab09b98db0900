"""How much of a replay is done, and how long it still takes, as the API, the pages and the commands tell it."""

from typing import Any

import pytest

from runtime import replay_documents as documents
from runtime.replay_documents import replay_document, seconds_left, share
from runtime.replays import Asked, Level, Progress, Replay, State
from telephony.selection import Selection

HISTORY = Selection(since=1000.0, until=1800.0)


def a_replay(level: Level = Level.RAW, selection: Selection = HISTORY, *, left: int = 0, **progress: Any) -> Replay:
    asked = Asked(level=level, selection=selection)
    going_on = Progress(**{"state": State.RUNNING} | progress)
    return Replay("rpl_1", "acme", asked, 2000.0, going_on, cancelled=False, left=left, changed=0, missing=0)


@pytest.mark.parametrize(
    ("replay", "part"),
    [
        (a_replay(), 0.0),
        (a_replay(total=0), 0.0),
        (a_replay(total=4, left=1), 0.75),
        (a_replay(total=4, left=1, state=State.DONE), 1.0),
        (a_replay(Level.BACKFILL, total=35), 0.0),
        (a_replay(Level.BACKFILL, total=35, place="1600.000"), 0.25),
        (a_replay(Level.BACKFILL, total=35, place="1400.000#2"), 0.5),
        (a_replay(Level.BACKFILL, Selection(since=1000.0), place="1500.000"), 0.5),
        (a_replay(Level.BACKFILL, Selection(since=1999.5), place="1999.500"), 0.5),
    ],
)
def test_a_replay_is_done_by_its_calls_and_a_backfill_by_its_time(replay: Replay, part: float) -> None:
    assert share(replay) == part


@pytest.mark.parametrize(
    ("replay", "seconds"),
    [
        (a_replay(total=4, left=1, started_at=40.0), 20.0),
        (a_replay(total=4, left=4, started_at=40.0), None),
        (a_replay(total=4, left=1), None),
        (a_replay(total=4, left=1, started_at=40.0, state=State.FAILED), None),
    ],
)
def test_how_long_it_still_takes_is_told_from_how_long_it_took_so_far(replay: Replay, seconds: float | None) -> None:
    assert seconds_left(replay, now=100.0) == seconds


@pytest.mark.parametrize(
    ("replay", "done"),
    [
        (a_replay(), None),
        (a_replay(total=4, left=1), 3),
        (a_replay(left=2), None),
        (a_replay(Level.BACKFILL, total=35, left=0), 35),
        (a_replay(Level.BACKFILL), None),
    ],
)
def test_as_many_calls_are_told_to_be_done_as_were_looked_at(replay: Replay, done: int | None) -> None:
    assert replay_document(replay, now=100.0).done == done
    assert documents.done(replay) == (done or 0)
