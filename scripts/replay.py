#!/usr/bin/env python3
"""Replay calls: send their events again, or look at them again with what RingCentral and the rules say today."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec
from redis import Redis

from runtime import replays
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.replay_documents import finding_document, replay_document
from runtime.replays import Asked, Finding, Level, Replay, State
from runtime.showing import call_history, calls
from scripts.terminal.command import Refused, at_the_terminal
from scripts.terminal.destination_asked import find
from scripts.terminal.destination_report import left_alone
from scripts.terminal.installation import accounts_of, named
from scripts.terminal.place import Place, open_place
from scripts.terminal.replay_options import parse_replay, replay_parser, selection
from scripts.terminal.replay_report import changes, follow, replay_list, summary

DONE, FAILED = 0, 1
MOST_LISTED = 100


def main() -> int:
    """Do what the command line asks for."""
    options = parse_replay(replay_parser(description=__doc__ or ""))
    with open_place(options.data) as place:
        if options.list:
            return _list(place, options)
        if options.show or options.cancel:
            return _one(place, options)
        return _ask(place, options)


def _ask(place: Place, options: argparse.Namespace) -> int:
    names = accounts_of(place.settings, options.account)
    ids = _whole(place.redis, names, options.calls)
    account = _account(place.redis, names, ids)
    if options.destination is not None:
        options.destination = find(place.redis, options.destination).id
    asked = Asked(level=Level(options.level), selection=selection(options, ids), dry_run=options.dry_run)
    replay = replays.create(place.redis, account, asked)
    if not options.no_follow:
        replay = follow(place.redis, replay)
    return told(place.redis, replay, as_json=options.json)


def told(redis: Redis, replay: Replay, *, as_json: bool) -> int:
    """Print what came of a replay; give the exit code."""
    if as_json:
        print(_document(redis, replay))
    else:
        found = replays.findings(redis, replay.account, replay.id)
        print("\n".join((*changes(found), *summary(replay), *_held_back(redis, found))))
    return FAILED if replay.state in {State.FAILED, State.CANCELLED} else DONE


def _held_back(redis: Redis, found: Sequence[Finding]) -> Iterator[str]:
    """Say which destinations are sent nothing for now of what was asked for."""
    meant = {one for each in found for one in each.destinations}
    for one, until in destinations.held_back(redis, meant) if meant else ():
        if until is None:
            yield f"not to {one.id} while it is {one.state}: ./scripts/destinations.py resume {one.id}"
        else:
            yield f"not to {one.id} for now: {left_alone(one, until)}"


def _document(redis: Redis, replay: Replay) -> str:
    """Write a replay as JSON, with what it found."""
    found = replays.findings(redis, replay.account, replay.id)
    document = msgspec.to_builtins(replay_document(replay, now=redis_time(redis)))
    return msgspec.json.encode(document | {"changes": [finding_document(one) for one in found]}).decode()


def _list(place: Place, options: argparse.Namespace) -> int:
    found, _ = replays.page(place.redis, accounts_of(place.settings, options.account), limit=MOST_LISTED)
    now = redis_time(place.redis)
    if options.json:
        print(msgspec.json.encode([replay_document(one, now=now) for one in found]).decode())
    else:
        print("\n".join(replay_list(found, now=now)))
    return DONE


def _one(place: Place, options: argparse.Namespace) -> int:
    wanted = options.show or options.cancel
    replay = replays.find(place.redis, [account.name for account in place.settings.accounts], wanted)
    if replay is None:
        raise Refused(f"there is no replay {wanted!r}; ./scripts/replay.py --list")
    if options.cancel:
        replay = replays.cancel(place.redis, replay.account, replay.id) or replay
        text = f"{replay.id} was over" if replay.is_over else f"{replay.id} ends as soon as its runner sees it"
        print(_document(place.redis, replay) if options.json else text)
        return DONE
    if not (replay.is_over or options.no_follow):
        replay = follow(place.redis, replay)
    return told(place.redis, replay, as_json=options.json)


def _whole(redis: Redis, names: Sequence[str], beginnings: Sequence[str]) -> tuple[str, ...]:
    """Give for each the id of the one call of these accounts that begins so; one nobody knows is taken as it is."""
    found, among = call_history.find(redis, beginnings) if beginnings else {}, set(names)
    return tuple(_only(one, {call for name, call in found[one] if name in among}) for one in beginnings)


def _only(beginning: str, found: set[str]) -> str:
    if beginning in found or not found:
        return beginning
    if len(found) > 1:
        raise Refused(f"{len(found)} calls begin with {beginning!r}: {', '.join(sorted(found)[:5])}")
    return found.pop()


def _account(redis: Redis, names: Sequence[str], ids: tuple[str, ...]) -> str:
    """Say whose calls are replayed: of several accounts, who has all of those that are named."""
    if len(names) == 1:
        return names[0]
    owners = [frozenset(known) for one in ids if (known := calls.accounts_of(redis, names, one))]
    common = frozenset[str]().union(*owners).intersection(*owners)
    if len(common) != 1:
        raise Refused(f"a replay is of one account: name it with --account ({named(names)})")
    return next(iter(common))


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
