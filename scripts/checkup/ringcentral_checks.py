"""Look at RingCentral: are the credentials taken, is the call log open to us, do notifications come to us."""

import time
from datetime import UTC, datetime
from typing import Final

import msgspec

from runtime.budget import Group, Share
from runtime.settings import Account, Scope, Settings
from scripts.checkup.findings import Finding, Findings, Patient, error, of_each, warning
from telephony.subscriptions import Seen
from workers.housekeeping.webhook_addresses import addresses
from workers.ringcentral.call_log import ROOTS
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    RingCentralError,
)
from workers.ringcentral.subscriptions import Subscription, Subscriptions, seen

SOON_SECONDS: Final = 6 * 3600.0
PATIENCE_SECONDS: Final = 5.0
_LATER: Final = "ask again in a minute"


def credentials(patient: Patient) -> Findings:
    """RingCentral takes the credentials of every account."""

    def look(account: Account) -> Findings:
        try:
            _subscriptions(patient, account)
        except Forbidden:
            return  # they were taken; what they do not open is for the checks below
        except RingCentralError as fault:
            yield _no_answer(account, fault)

    return of_each(patient.accounts, look)


def call_log(patient: Patient) -> Findings:
    """The call log of each account may be read, in the scope that is set."""

    def look(account: Account) -> Findings:
        try:
            patient.ringcentral(account).get(
                ROOTS[account.scope],
                {"perPage": "1", "view": "Simple"},
                decode=msgspec.json.decode,
                group=Group.HEAVY,
                share=Share.INTERACTIVE,
            )
        except Forbidden as fault:
            wanted = "ReadCompanyCallLog" if account.scope is Scope.ACCOUNT else "ReadCallLog"
            yield error(
                f"account {account.name}: the call log may not be read ({_codes(fault)})",
                f"give the app the ReadCallLog scope and the user the {wanted} permission, or set CALL_LOG_SCOPE",
            )
        except RingCentralError as fault:
            yield _no_answer(account, fault)

    return of_each(patient.accounts, look)


def subscription(patient: Patient) -> Findings:
    """Each account has one subscription that brings its notifications to us, active and not about to end."""
    taken = {address for each in patient.settings.accounts for address in addresses(patient.settings, each)}

    def look(account: Account) -> Findings:
        try:
            found = _subscriptions(patient, account)
        except Forbidden:
            yield error(
                f"account {account.name}: subscriptions may not be looked at",
                "give the app the SubscriptionWebhook and CallControl (or ReadAccounts) scopes",
            )
        except RingCentralError as fault:
            yield _no_answer(account, fault)
        else:
            about_calls = [one for one in map(seen, found) if one.tells_of_calls]
            ours = addresses(patient.settings, account)
            yield from _judged(account, [one for one in about_calls if one.address in ours or not ours])
            yield from _astray(account, about_calls, taken, patient.settings)

    return of_each(patient.accounts, look)


def _no_answer(account: Account, fault: RingCentralError) -> Finding:
    """Say why RingCentral could not be asked. Every check does, for it may be the only one that was asked for."""
    match fault:
        case BrokenConfiguration():
            return error(
                f"account {account.name}: RingCentral refuses the credentials ({_codes(fault)})",
                "compare RC_APP_CLIENT_ID, RC_APP_CLIENT_SECRET and RC_USER_JWT with the app's page in the console",
            )
        case RateLimited():
            return warning(f"account {account.name}: the budget is spent, RingCentral was not asked", _LATER)
        case Refused() | NotFound():
            return error(
                f"account {account.name}: RingCentral refuses what is asked ({_codes(fault)})",
                "look the code up at https://developers.ringcentral.com/guide/basics/errors",
            )
        case _:
            return error(
                f"account {account.name}: RingCentral does not answer ({_codes(fault)})",
                f"see whether {account.server_url} can be reached from here, and https://status.ringcentral.com",
            )


def _astray(account: Account, found: list[Seen], taken: set[str], settings: Settings) -> Findings:
    """Tell of those that post to us, but not to where an account's notifications are `taken`."""
    for one in found if taken else ():
        if one.address.startswith(f"{settings.public_url}/") and one.address not in taken:
            yield warning(
                f"account {account.name}: subscription {one.id} posts to {one.address}, and nobody looks after it",
                f"run ./scripts/subscribe.py delete {one.id}, unless another installation is there",
            )


def _judged(account: Account, found: list[Seen]) -> Findings:
    repair = "run ./scripts/subscribe.py repair"
    if not found:
        yield error(f"account {account.name}: no subscription brings notifications here", repair)
    if len(found) > 1:
        yield warning(f"account {account.name}: {len(found)} subscriptions bring the same notifications", repair)
    for one in found:
        if not one.is_active:
            why = one.reason or "no reason given"
            yield error(f"account {account.name}: the subscription is {one.status} ({why})", repair)
        if one.disabled:
            names = ", ".join(f"{name} ({why})" for name, why in zip(one.disabled, one.because, strict=True))
            yield error(
                f"account {account.name}: RingCentral does not serve {names}",
                "give the app the CallControl scope and the user the permission, then ./scripts/subscribe.py repair",
            )
        left = (one.expires_at - datetime.now(UTC)).total_seconds() if one.expires_at else None
        if left is not None and left < 0:
            yield error(f"account {account.name}: the subscription ended {-left / 60:.0f} minutes ago", repair)
        elif left is not None and left < SOON_SECONDS:
            yield warning(f"account {account.name}: the subscription ends in {left / 60:.0f} minutes", repair)


def _subscriptions(patient: Patient, account: Account) -> tuple[Subscription, ...]:
    """Ask for the account's subscriptions; where the budget is short for a moment, wait for it."""
    asked = Subscriptions(patient.ringcentral(account), share=Share.INTERACTIVE)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return asked.all()
        except RateLimited as refused:
            pause = refused.retry_after or PATIENCE_SECONDS
            if time.monotonic() + pause > give_up:
                raise
            time.sleep(pause)


def _codes(fault: RingCentralError) -> str:
    return " ".join((type(fault).__name__, *fault.codes))
