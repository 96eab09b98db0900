"""What people are told of replays at the terminal."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from runtime import replays
from runtime.leases import lease
from runtime.replays import Asked, Finding, Level, Progress, Replay, State
from scripts.terminal import replay_report
from scripts.terminal.replay_report import MOST_SHOWN, changes, follow, replay_list, summary
from telephony.differences import Difference
from telephony.selection import Selection

NIGHTFALL = 1_772_442_000.0  # 2026-03-02T09:00:00Z


def a_replay(level: Level = Level.REFETCH, *, dry_run: bool = False, progress: Any = None, **fields: Any) -> Replay:
    """Build a replay of four calls that is done; of them one differs."""
    usual: dict[str, Any] = {
        "id": "rpl_1",
        "account": "acme",
        "asked": Asked(level=level, selection=Selection(unresolved=True), dry_run=dry_run),
        "asked_at": NIGHTFALL,
        "progress": Progress(**{"state": State.DONE, "total": 4} | (progress or {})),
        "cancelled": False,
        "left": 0,
        "changed": 1,
        "missing": 0,
    }
    return Replay(**usual | fields)


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        (a_replay(), ["rpl_1 done: of 4 calls 1 changed"]),
        (
            a_replay(dry_run=True),
            ["rpl_1 done: of 4 calls 1 would change", "nothing was published: this was a dry run"],
        ),
        (a_replay(dry_run=True, changed=0), ["rpl_1 done: of 4 calls 0 would change"]),
        (a_replay(Level.DELIVER), ["rpl_1 done: of 4 calls 1 are sent again"]),
        (
            a_replay(Level.DELIVER, dry_run=True),
            ["rpl_1 done: of 4 calls 1 would be sent again", "nothing was published: this was a dry run"],
        ),
        (
            a_replay(Level.DELIVER, missing=1),
            ["rpl_1 done: of 4 calls 1 are sent again", "of 1 calls no event is stored"],
        ),
        (a_replay(missing=2), ["rpl_1 done: of 4 calls 1 changed", "of 2 calls there is no final record"]),
        (
            a_replay(progress={"state": State.FAILED, "why": "Refused CMN-101"}, left=3),
            ["rpl_1 failed: of 1 calls 1 changed", "because: Refused CMN-101"],
        ),
        (
            a_replay(progress={"started_at": 10.0, "finished_at": 13.0, "requests": 1}),
            ["rpl_1 done: of 4 calls 1 changed", "it took 3.0 s and 1 request"],
        ),
        (
            a_replay(progress={"started_at": 10.0, "finished_at": 13.0, "requests": 2}),
            ["rpl_1 done: of 4 calls 1 changed", "it took 3.0 s and 2 requests"],
        ),
        (
            a_replay(progress={"state": State.RUNNING, "started_at": 10.0, "finished_at": 13.0}, left=2),
            ["rpl_1 running: of 2 calls 1 changed"],
        ),
        (a_replay(Level.BACKFILL, progress={"requests": 3}), ["rpl_1 done: 4 calls seen with 3 requests"]),
    ],
)
def test_a_summary_says_what_came_of_a_replay_and_no_more(replay: Replay, said: list[str]) -> None:
    assert list(summary(replay)) == said


def test_what_differs_is_told_shortly_and_of_very_many_calls_the_first() -> None:
    long = Finding("s-0", 2, (Difference("from.name", None, "N" * 70), Difference("legs", (), ({"index": 0},))))
    sent = Finding("s-1", 1, destinations=("dst_1", "dst_2"))
    others = [Finding(f"s-{number}", 2) for number in range(2, MOST_SHOWN + 3)]

    told = list(changes([long, sent, *others]))

    assert told[:4] == [
        "s-0  revision 2",
        f"    from.name: null -> {'N' * 60}…",
        '    legs: [] -> [{"index":0}]',
        "s-1  revision 1 to dst_1, dst_2",
    ]
    assert told[-2:] == [f"s-{MOST_SHOWN - 1}  revision 2", "and 3 more; --json shows all"]
    assert list(changes(others[:MOST_SHOWN]))[-1] == f"s-{MOST_SHOWN + 1}  revision 2"


def test_replays_are_listed_with_how_far_they_are() -> None:
    going_on = a_replay(dry_run=True, progress={"state": State.RUNNING, "requests": 7}, left=1)

    heading, row = replay_list([going_on], now=NIGHTFALL)

    assert heading.split() == ["replay", "level", "asked", "state", "calls", "differ", "requests", "done"]
    assert row.split() == [
        *("rpl_1", "refetch", "(dry", "run)", "2026-03-02T09:00:00", "running", "4", "1", "7", "75%"),
    ]


def test_of_several_accounts_it_is_said_whose_a_replay_is() -> None:
    heading, one, other = replay_list([a_replay(), a_replay(account="globex")], now=NIGHTFALL)

    assert [line.split()[1] for line in (heading, one, other)] == ["account", "acme", "globex"]
    assert one.split()[2:4] == ["refetch", "2026-03-02T09:00:00"]


@pytest.fixture
def going_on(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Have a replay that nobody has taken up, and look at it often."""
    monkeypatch.setattr(replay_report, "LOOK_SECONDS", 0.001)
    return replays.create(redis, "acme", Asked(level=Level.RAW, selection=Selection(unresolved=True)))


def after(looks: int, happens: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have something happen after so many looks at a replay."""
    load, left = replays.load, iter(range(looks, -1, -1))

    def look(*about: Any) -> Replay | None:
        if next(left) == 0:
            happens()
        return load(*about)

    monkeypatch.setattr(replays, "load", look)


@pytest.mark.parametrize(("patience", "times"), [(0.0, 1), (60.0, 0)])
def test_who_follows_a_replay_sees_its_end_and_is_told_once_that_nobody_takes_it_up(
    redis: Redis,
    going_on: Replay,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    patience: float,
    times: int,
) -> None:
    def end() -> None:
        with lease(redis, "acme", "replay") as held:
            held.commit(replays.ended(going_on, Progress(state=State.DONE, total=0), retention=600.0))

    monkeypatch.setattr(replay_report, "NOBODY_SECONDS", patience)
    after(4, end, monkeypatch)

    assert follow(redis, going_on).progress.state is State.DONE
    assert capsys.readouterr().err.count("nobody has taken it up yet") == times


def test_who_stops_following_a_replay_is_told_that_it_goes_on_and_how_to_see_it_again(
    redis: Redis, going_on: Replay, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    after(2, interrupt, monkeypatch)

    with pytest.raises(KeyboardInterrupt):
        follow(redis, going_on)
    assert capsys.readouterr().err == f"it goes on: ./scripts/replay.py --show {going_on.id}\n"


def test_who_follows_a_replay_that_is_gone_has_what_was_seen_last(
    redis: Redis, going_on: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    after(2, redis.flushall, monkeypatch)

    assert follow(redis, going_on) == going_on
