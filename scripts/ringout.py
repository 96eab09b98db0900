#!/usr/bin/env python3
"""RingOut: have RingCentral call two numbers and connect them, watch it live, and see what became of it."""

import argparse
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec

from runtime import ringout_wishes, ringouts
from runtime.ringout_documents import RESOLVED, ringout_document
from runtime.ringout_wishes import KeyReused, RecordGone
from runtime.ringouts import NEVER_PLACED, Cancel, Placing, RingOut
from scripts.terminal.command import Refused, at_the_terminal
from scripts.terminal.installation import accounts_of, only_account
from scripts.terminal.place import Place, open_place
from scripts.terminal.redis_server import patiently
from scripts.terminal.ringout_options import Act, parse
from scripts.terminal.ringout_report import Telling, listing
from telephony.ringout_request import Wish, faults

DONE, FAILED = 0, 1
LOOK_SECONDS: Final = 0.25
PLACE_SECONDS: Final = 25.0
CANCEL_SECONDS: Final = 10.0


def main() -> int:
    """Do what the command line asks for."""
    options = parse(ACTS, description=__doc__ or "")
    try:
        with open_place(options.data) as place:
            return int(options.act(place, options))
    except KeyboardInterrupt:
        print("it goes on: ./scripts/ringout.py list", file=sys.stderr)
        return FAILED


def _call(place: Place, options: argparse.Namespace) -> int:
    asked = {
        "from": _said(phoneNumber=options.from_, forwardingNumberId=options.forwarding_number_id),
        "to": _said(phoneNumber=options.to),
        "callerId": _said(phoneNumber=options.caller_id),
        "playPrompt": options.prompt,
        "country": _said(id=options.country),
    }
    return _followed(place, options, asked)


def _said(**fields: str | None) -> dict[str, str] | None:
    """Give what was said; None where nothing was."""
    return {name: value for name, value in fields.items() if value is not None} or None


def _follow(place: Place, options: argparse.Namespace) -> int:
    return _followed(place, options, {"ringOutId": options.ring_out_id})


def _wish(asked: Mapping[str, object]) -> Wish:
    """Read what is asked for as strictly as the API does: nothing is stored that could not be read again."""
    try:
        wish = msgspec.convert(asked, Wish)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
    if wrong := [f"{pointer.removeprefix('/')} {why}" for pointer, why in faults(wish)]:
        raise Refused("; ".join(wrong))
    return wish


def _followed(place: Place, options: argparse.Namespace, asked: Mapping[str, object]) -> int:
    """Ask for it, and show it: until it is placed, or until its outcome is known."""
    wish = _wish({**asked, "extension": options.extension})
    account, retention = only_account(place.settings, options.account), place.settings.retention_seconds
    try:
        one = ringout_wishes.ask(
            place.redis,
            account,
            retention=retention,
            call=wish.call,
            ring_out_id=wish.follows,
            extension=wish.extension,
            key=options.key,
        )
    except RecordGone as fault:
        raise Refused("it was asked for before, and its record is gone; another --key has it done anew") from fault
    except KeyReused as fault:
        if options.key is None:
            raise Refused(f"it is followed already, as {fault}, by another extension; see --key") from fault
        raise Refused("this key was given before, for another RingOut") from fault
    if options.watch:
        return _shown_to_the_end(place, one, options)
    one = ringout_wishes.settled(place.redis, one, wait=PLACE_SECONDS)
    return _told(place, one, options)


def _watch(place: Place, options: argparse.Namespace) -> int:
    return _shown_to_the_end(place, _find(place, options), options)


def _cancel(place: Place, options: argparse.Namespace) -> int:
    one = _find(place, options)
    if one.may_be_cancelled:
        ringout_wishes.cancel(place.redis, one)
        one = ringout_wishes.cancelled(place.redis, one, wait=CANCEL_SECONDS)
    _told(place, one, options)
    return DONE if one.cancel is Cancel.CANCELLED else FAILED


def _list(place: Place, options: argparse.Namespace) -> int:
    found, _ = ringouts.page(place.redis, accounts_of(place.settings, options.account), limit=options.last)
    documents = [_document(place, one) for one in found]
    print(msgspec.json.encode(documents).decode() if options.json else "\n".join(listing(documents)))
    return DONE


def _shown_to_the_end(place: Place, one: RingOut, options: argparse.Namespace) -> int:
    """Tell what happens as it happens, until the call log has decided, or there is nothing to decide."""
    telling, deadline = Telling(), time.monotonic() + options.wait
    while True:
        one, document = patiently(partial(_seen, place, one), until=deadline)
        if not options.json:
            for line in telling.lines(document):
                print(line, flush=True)
        is_known = document["state"] == RESOLVED
        if is_known or one.placing in NEVER_PLACED or time.monotonic() > deadline:
            break
        time.sleep(LOOK_SECONDS)
    if options.json:
        print(msgspec.json.encode(document).decode())
    if not is_known and one.placing not in NEVER_PLACED:
        print("scripts/ringout.py: no outcome yet; it goes on without this command", file=sys.stderr)
    return DONE if is_known else FAILED


def _seen(place: Place, one: RingOut) -> tuple[RingOut, dict[str, Any]]:
    """Read how it is now, as far as there is anything of it (any more)."""
    now = ringouts.load(place.redis, one.account, [one.id]).get(one.id, one)
    return now, _document(place, now)


def _told(place: Place, one: RingOut, options: argparse.Namespace) -> int:
    document = _document(place, one)
    if options.json:
        print(msgspec.json.encode(document).decode())
    else:
        print("\n".join(Telling().lines(document)))
    if one.placing in {Placing.ASKED, Placing.PLACING}:
        print("scripts/ringout.py: not placed yet; is a ringout process running?", file=sys.stderr)
    return DONE if one.placing is Placing.PLACED else FAILED


def _document(place: Place, one: RingOut) -> dict[str, Any]:
    """Write a RingOut as the API does; its outcome stays a value that can be told of."""
    document = ringout_document(place.redis, one)
    written: dict[str, Any] = msgspec.to_builtins(document)
    return written | {"outcome": document.outcome}


def _find(place: Place, options: argparse.Namespace) -> RingOut:
    """Find the one RingOut that is meant: by our id, its beginning, or RingCentral's id."""
    names = accounts_of(place.settings, options.account)
    for name in names:
        if (found := ringouts.by_ring_out_id(place.redis, name, options.id)) is not None:
            return found
    fitting = ringouts.beginning(place.redis, names, options.id)
    if len(fitting) != 1:
        many = "no RingOut's id begins" if not fitting else f"{len(fitting)} RingOuts begin"
        raise Refused(f"{many} with {options.id!r}; ./scripts/ringout.py list")
    return fitting[0]


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {"call": _call, "follow": _follow, "watch": _watch, "cancel": _cancel, "list": _list}
)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
