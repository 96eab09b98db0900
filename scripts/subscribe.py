#!/usr/bin/env python3
"""RingCentral's subscription: see it, make, renew or delete it, or put it right as the guardian would."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec

from runtime import guarding, logs
from runtime.clocks import redis_time
from runtime.guarding import Guarded
from runtime.leases import LeaseHeld, LeaseLost, lease
from runtime.metrics import Recorder
from runtime.settings import Account
from scripts.terminal.command import add_data_option, at_the_terminal, command_parser
from scripts.terminal.installation import chosen
from scripts.terminal.moments import times_told
from scripts.terminal.place import Place, open_place
from scripts.terminal.tables import Column, table
from telephony.subscriptions import Health, Seen
from telephony.times import moment_at
from workers.dependencies import Dependencies
from workers.housekeeping import guardian
from workers.housekeeping.guardian import Guardian
from workers.housekeeping.webhook_addresses import addresses
from workers.ringcentral.breaker import try_again
from workers.ringcentral.errors import NotFound, NotSent, RateLimited, RingCentralError
from workers.ringcentral.subscriptions import Subscriptions, seen

DONE, FAILED = 0, 1
COLUMNS: Final = tuple(Column(name) for name in ("id", "status", "ours", "expires (UTC)", "address", "what is wrong"))
_TIMES: Final = ("checkedAt", "wellAt", "expiresAt", "gapFrom", "doubtfulBefore", "missingSince", "nextAt")
EPILOG = """
commands:
  list          the subscriptions of the account's user and app, and how the guardian found them last
  create        make one for PUBLIC_URL, unless there is one that delivers
  repair        the same, and renew what ends soon, delete what is blacklisted, have the gap compared with the call log
  renew ID      start its time anew
  delete ID     end it; the guardian makes another within a minute, unless PUBLIC_URL is not set

The upkeep workers do what `repair` does each minute, where PUBLIC_URL, the credentials and RC_VERIFICATION_TOKEN are
set. To change the verification token, set RC_VERIFICATION_TOKEN=newer,older for web and the workers: a subscription
with the newer one is made before the older one's is deleted. docs/ops/subscription.md tells more.
exit codes: 0 done (list: and one delivers), 1 failed, 2 usage
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, for each account."""
    options = _options(arguments)
    logs.configure(level="error", form="text", process="subscribe")
    with open_place(options.data) as place:
        dependencies = Dependencies(place.settings, place.redis, Recorder(place.redis))
        return _done(place, dependencies, chosen(place.settings, options.account), options)


def _done(place: Place, dependencies: Dependencies, accounts: list[Account], options: argparse.Namespace) -> int:
    """Do it for each account, whatever becomes of the others; where an ID is given, for the one that has it."""
    codes = []
    for account in accounts:
        try_again(place.redis, account.name)
        try:
            code = ACTS[options.command](place, dependencies, account, options)
        except (RingCentralError, LeaseHeld, LeaseLost) as fault:
            if options.id and isinstance(fault, NotFound):
                continue
            code = _failed(f"account {account.name}: {_said(fault)}")
        if options.id and code == DONE:
            return DONE
        codes.append(code)
    return max(codes) if codes else _failed(f"there is no subscription {options.id}; see list")


def _failed(why: str) -> int:
    print(f"scripts/subscribe.py: {why}", file=sys.stderr)
    return FAILED


def _said(fault: RingCentralError | LeaseHeld | LeaseLost) -> str:
    """Say what went wrong, and what to do."""
    if isinstance(fault, (LeaseHeld, LeaseLost)):
        return "the guardian is at it just now; try again in a moment"
    if isinstance(fault, RateLimited):
        return f"the budget of requests is spent ({fault}); try again in {fault.retry_after:.0f} s"
    if isinstance(fault, NotSent):
        return f"RingCentral was not asked ({fault}); try again in a minute"
    return f"RingCentral: {fault}"


def _list(place: Place, dependencies: Dependencies, account: Account, options: argparse.Namespace) -> int:
    found = [seen(one) for one in Subscriptions(dependencies.ringcentral(account)).all()]
    ours = addresses(place.settings, account)
    guarded = guarding.load(place.redis, account.name)
    if options.json:
        items = [_document(one, ours) for one in found]
        print(msgspec.json.encode({"account": account.name, "items": items, "guardian": _told(guarded)}).decode())
    else:
        print(f"account {account.name}: {_found(guarded, account, redis_time(place.redis))}")
        print("\n".join(table(COLUMNS, [_row(one, ours) for one in found])))
        heard = guarding.last_notification(place.redis, account.name)
        ago = "none yet" if heard is None else f"{redis_time(place.redis) - heard:.0f} s ago"
        print(f"last notification: {ago}")
    return DONE if any(one.is_active and (one.address in ours or not ours) for one in found) else FAILED


def _found(guarded: Guarded, account: Account, now: float) -> str:
    """Say how the guardian found it last, and whether the verification token must not be dropped yet that it has."""
    if guarded.checked_at is None:
        return f"the guardian has not looked yet{f' ({guarded.problem})' if guarded.problem else ''}"
    problem = f", and was hindered: {guarded.problem}" if guarded.problem else ""
    newest = [guarding.fingerprint(token) for token in account.verification_tokens[:1]]
    is_older = guarded.token is not None and newest not in ([], [guarded.token])
    older = ", with an older verification token" if is_older else ""
    return f"the guardian found it {guarded.health} {now - guarded.checked_at:.0f} s ago{older}{problem}"


def _told(guarded: Guarded) -> dict[str, object]:
    """Write how the guardian left it, as other documents are written."""
    return times_told(msgspec.to_builtins(guarded), *_TIMES)


def _document(one: Seen, ours: tuple[str, ...]) -> dict[str, object]:
    return {
        "id": one.id,
        "status": one.status,
        "ours": one.address in ours,
        "address": one.address,
        "filters": one.filters,
        "disabledFilters": one.disabled,
        "expiresAt": one.expires_at,
        "blacklistedAt": one.blacklisted_at,
        "reason": one.reason,
    }


def _row(one: Seen, ours: tuple[str, ...]) -> tuple[object, ...]:
    wrong = "; ".join([*([one.reason] if one.reason else []), *(f"not served: {each}" for each in one.disabled)])
    yes = "yes" if one.address in ours else "no"
    return one.id, one.status, yes, one.expires_at and f"{one.expires_at:%Y-%m-%d %H:%M}", one.address, wrong


def _repair(place: Place, dependencies: Dependencies, account: Account, options: argparse.Namespace) -> int:
    if not addresses(place.settings, account):
        print(f"account {account.name}: set PUBLIC_URL and RC_VERIFICATION_TOKEN first", file=sys.stderr)
        return FAILED
    before = guarding.load(place.redis, account.name).id
    with lease(place.redis, account.name, guardian.STAGE, seconds=guardian.LEASE_SECONDS) as held:
        guarded = Guardian(account, held, dependencies).guard(patient=False)
    if options.json:
        print(msgspec.json.encode({"account": account.name, "guardian": _told(guarded)}).decode())
    else:
        until = guarded.expires_at and f"{moment_at(guarded.expires_at):%Y-%m-%d %H:%M} UTC"
        how = "was there already" if guarded.id == before else "is the one from now on"
        print(f"account {account.name}: {guarded.health}: {guarded.id} {how}, until {until}, at {guarded.address}")
    return DONE if guarded.health is Health.ACTIVE else FAILED


def _renew(place: Place, dependencies: Dependencies, account: Account, options: argparse.Namespace) -> int:
    one = seen(Subscriptions(dependencies.ringcentral(account)).renew(options.id))
    if options.json:
        renewed = _document(one, addresses(place.settings, account))
        print(msgspec.json.encode({"account": account.name, "renewed": renewed}).decode())
        return DONE
    until = one.expires_at and f"{one.expires_at:%Y-%m-%d %H:%M} UTC"
    print(f"renewed {one.id}, until {until}")
    return DONE


def _delete(_: Place, dependencies: Dependencies, account: Account, options: argparse.Namespace) -> int:
    Subscriptions(dependencies.ringcentral(account)).delete(options.id)
    document = msgspec.json.encode({"account": account.name, "deleted": options.id}).decode()
    print(document if options.json else f"deleted {options.id}")
    return DONE


Act = Callable[[Place, Dependencies, Account, argparse.Namespace], int]
ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {"list": _list, "create": _repair, "repair": _repair, "renew": _renew, "delete": _delete}
)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser("subscribe.py", __doc__, EPILOG)
    parser.add_argument("command", choices=[*ACTS], help="what to do")
    parser.add_argument("id", nargs="?", metavar="ID", help="which subscription, for renew and delete")
    parser.add_argument("--account", metavar="NAME", help="only this account of the settings")
    parser.add_argument("--json", action="store_true", help="print JSON, a line for each account")
    add_data_option(parser)
    options = parser.parse_args(arguments)
    if (options.command in {"renew", "delete"}) != bool(options.id):
        parser.error("renew and delete need the ID of a subscription, and nothing else does")
    return options


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
