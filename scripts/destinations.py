#!/usr/bin/env python3
"""CRM webhooks: add them, see how they fare, try them, pause them, and send again what failed."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec
from redis import Redis
from tqdm import tqdm

from runtime.deliveries import attempts, backlog, destinations, redrive
from runtime.deliveries.attempts import Attempt
from runtime.deliveries.destination_documents import attempt_document, destination_document
from runtime.deliveries.destinations import UnknownDestination
from runtime.deliveries.redrive import Redrive
from runtime.deliveries.sealing import CannotOpen
from scripts.terminal.command import Refused, at_the_terminal
from scripts.terminal.destination_asked import find, judge, read, wishes
from scripts.terminal.destination_options import parse
from scripts.terminal.destination_report import (
    attempt_list,
    destination_list,
    destination_page,
    left_alone,
    why_not_sent,
)
from scripts.terminal.place import Place, open_place
from scripts.terminal.redis_server import patiently
from telephony.destinations import Changes, Destination, DestinationState, Draft

DONE, FAILED = 0, 1
LOOK_SECONDS: Final = 0.2
DELIVERED: Final = "delivered"


class Told(NamedTuple):
    """What a command has to say: to machines, to people, and by its exit code.

    Where it cannot be said, `unseen` makes that good as far as it can be, and says what was done.
    """

    document: object
    lines: Iterable[str]
    code: int = DONE
    unseen: Callable[[], str] | None = None


def main() -> int:
    """Do what the command line asks for."""
    options = parse(ACTS, description=__doc__ or "")
    try:
        with open_place(options.data) as place:
            told = options.act(place, options)
            _tell(told, as_json=options.json)
    except CannotOpen as fault:
        raise Refused(str(fault)) from fault
    except UnknownDestination as fault:
        raise Refused(f"{fault} was removed meanwhile") from fault
    except KeyboardInterrupt:
        if vars(options).get("follow"):
            print(f"it goes on: ./scripts/destinations.py show {options.id}", file=sys.stderr)
        return FAILED
    return int(told.code)


def _tell(told: Told, *, as_json: bool) -> None:
    """Print it. A secret is told this once: nobody else would know that it reached nobody."""
    try:
        _print(
            msgspec.json.encode(told.document).decode() if as_json else "\n".join(told.lines),
            must_be_seen=told.unseen is not None,
        )
    except OSError:
        if told.unseen is not None:
            print(f"scripts/destinations.py: {told.unseen()}", file=sys.stderr)
        raise


def _print(text: str, *, must_be_seen: bool) -> None:
    if sys.stdout is None and must_be_seen:  # it was closed before the command began
        raise OSError("there is nowhere to print a secret")
    print(text, flush=True)


def _add(place: Place, options: argparse.Namespace) -> Told:
    draft = read(wishes(options) | {"url": options.url}, Draft)
    judge(draft, place)
    made, secret = destinations.create(place.redis, draft, keys=place.settings.secrets_keys)
    document = msgspec.to_builtins(made) | {"secret": secret}

    def unseen() -> str:
        destinations.delete(place.redis, made.id)
        return f"{made.id} was removed again: its secret could not be shown"

    lines = [f"added {made.id}", *_secret(secret), f"try it: ./scripts/destinations.py test {made.id}"]
    return Told(document, lines, unseen=unseen)


def _list(place: Place, _: argparse.Namespace) -> Told:
    rows = [(one, backlog.status(place.redis, one.id)) for one in destinations.all(place.redis)]
    return Told([destination_document(*row) for row in rows], destination_list(rows))


def _show(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    status = backlog.status(place.redis, one.id)
    return Told(destination_document(one, status), destination_page(one, status))


def _change(place: Place, options: argparse.Namespace) -> Told:
    wished = wishes(options)
    if not wished:
        raise Refused("nothing to change was named; --help lists what can be")
    return _changed(place, options, wished)


def _pause(place: Place, options: argparse.Namespace) -> Told:
    return _changed(place, options, {"state": DestinationState.PAUSED})


def _resume(place: Place, options: argparse.Namespace) -> Told:
    return _changed(place, options, {"state": DestinationState.ACTIVE})


def _changed(place: Place, options: argparse.Namespace, wished: Mapping[str, object]) -> Told:
    changes = read(wished, Changes)
    one = find(place.redis, options.id)
    judge(changes, place)
    destinations.update(place.redis, one.id, changes)
    return _show(place, options)


def _rotate(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    overlap = options.overlap * 3600
    secret = destinations.rotate(place.redis, one.id, keys=place.settings.secrets_keys, overlap_seconds=overlap)
    until = f"the old secret signs along for {options.overlap:g} hours" if overlap else "the old secret is void"

    def unseen() -> str:
        destinations.take_back(place.redis, one.id, secret, keys=place.settings.secrets_keys)
        return f"the secret of {one.id} is the one before again: the new one could not be shown"

    return Told({"id": one.id, "secret": secret}, [f"{one.id}: {until}", *_secret(secret)], unseen=unseen)


def _remove(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    destinations.delete(place.redis, one.id)
    return Told({"id": one.id}, [f"removed {one.id} ({one.url})"])


def _attempts(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    found = attempts.page(place.redis, one.id, limit=options.last).items[::-1]
    return Told([attempt_document(attempt) for attempt in found], attempt_list(found))


def _test(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    event_id = redrive.send_test(place.redis, one.id)
    attempt = next(_tried(place.redis, event_id, options.wait), None)
    if attempt is None:
        why = why_not_sent(find(place.redis, one.id), backlog.status(place.redis, one.id))
        told = f"asked for {event_id}; not sent within {options.wait:g} s: {why}"
        return Told({"id": event_id, "attempt": None}, [told], FAILED)
    code = DONE if attempt.verdict == DELIVERED else FAILED
    return Told({"id": event_id, "attempt": attempt_document(attempt)}, attempt_list([attempt]), code)


def _tried(redis: Redis, event_id: str, seconds: float) -> Iterator[Attempt]:
    """Give the attempt of a test as soon as there is one; nothing when the time is over.

    It is kept as one of a call's, which it alone is: the destination's own list may be hundreds further by then.
    """
    until = time.monotonic() + seconds
    while True:
        yield from attempts.of_call(redis, "", event_id)
        if time.monotonic() >= until:
            return
        time.sleep(LOOK_SECONDS)


def _redrive(place: Place, options: argparse.Namespace) -> Told:
    one = find(place.redis, options.id)
    selection = Redrive(
        since=options.since and options.since.timestamp(),
        until=options.until and options.until.timestamp(),
        blame=options.blame,
        everything=options.everything,
        per_second=options.per_second,
    )
    until = destinations.left_alone_until(place.redis, one.id)  # before its bell is rung, which tells that
    count = redrive.redrive(place.redis, one.id, selection, dry_run=options.dry_run)
    held = [left_alone(one, until)] if count and until is not None else []
    follows = options.follow and not options.dry_run
    if follows:
        one = _followed(place.redis, one, count, held)
    lines = [f"{count} events {'would be' if options.dry_run else 'are'} sent to {one.url}"]
    is_paused = one.state is not DestinationState.ACTIVE
    if is_paused:
        lines.append(f"not while it is {one.state}: ./scripts/destinations.py resume {one.id}")
    lines += [] if follows else held
    is_all = not (options.since or options.until or options.blame or options.everything)
    if not count and is_all and backlog.status(place.redis, one.id).dead:
        why = "the log holds it no more, a later event was taken, or it is wanted no more"
        lines.append(f"what was given up cannot be sent again: {why}")
    code = FAILED if follows and is_paused else DONE
    return Told({"count": count, "dryRun": options.dry_run}, lines, code)


def _followed(redis: Redis, one: Destination, count: int, held: Iterable[str]) -> Destination:
    """Show how many of those asked for were sent, until all were or nothing is sent to it. Give it as it is then.

    Before that, say what holds them up.
    """
    left = count
    for line in held:
        print(line, file=sys.stderr)
    with tqdm(total=count, unit=" events", file=sys.stderr, disable=None) as bar:
        while left and one.state is DestinationState.ACTIVE:
            left = patiently(partial(backlog.status, redis, one.id)).asked
            bar.update(max(0, count - left - int(bar.n)))
            time.sleep(LOOK_SECONDS)
            found = patiently(partial(destinations.get, redis, one.id))
            if found is None:
                raise UnknownDestination(one.id)
            one = found
    return one


def _secret(secret: str) -> list[str]:
    return [
        "",
        f"  {secret}",
        "",
        "This secret is not shown again: put it where the receiver reads its secrets. By it the receiver tells that a",
        "request is ours; docs/consumers/README.md shows how.",
    ]


ACTS: Final[Mapping[str, Callable[[Place, argparse.Namespace], Told]]] = MappingProxyType(
    {
        "add": _add,
        "list": _list,
        "show": _show,
        "change": _change,
        "pause": _pause,
        "resume": _resume,
        "rotate": _rotate,
        "test": _test,
        "attempts": _attempts,
        "redrive": _redrive,
        "remove": _remove,
    }
)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
