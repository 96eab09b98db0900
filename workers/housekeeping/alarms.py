"""Alarms: look at destinations and accounts as they are, raise what whoever runs Legwork must know, clear what is over.

Alerts that are raised where something happens are raised here again: a process killed between the deed and the word
leaves nobody in the dark for longer than until upkeep comes by.
"""

import math
from collections.abc import Container
from typing import Final

from redis import Redis
from redis.exceptions import NoPermissionError

from runtime import asking, guarding, operator_log, safety
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.safety import Verdict
from runtime.settings import Account, Settings
from telephony.destinations import Destination, DestinationState
from telephony.operator_events import What
from telephony.subscriptions import Health
from workers.delivering import charge
from workers.ringcentral.breaker import is_parked
from workers.ringcentral.tokens import fingerprint_of

UNANSWERED_SECONDS: Final = 600.0
"""How much longer than from one comparison to the next the call log may be without an answer before that is told."""

ROOM_AGAIN: Final = 0.7
"""Below which share of its memory Redis is not too full any more."""

_OF_DESTINATIONS: Final = frozenset({What.DESTINATION_FAILING, What.DESTINATION_DISABLED})
_OF_SUBSCRIPTIONS: Final = (What.SUBSCRIPTION_BLACKLISTED, What.SUBSCRIPTION_INCOMPLETE)


def of_destinations(redis: Redis) -> None:
    """Tell of the destinations that fail or are disabled; clear what is told of those that are well or gone."""
    for one in destinations.all(redis):
        _of_destination(redis, one)
    there = destinations.ids(redis)
    for alert in operator_log.alerts(redis):
        if alert.what in _OF_DESTINATIONS and alert.about not in there:
            operator_log.clear_alert(redis, alert.what, alert.about, "The destination was removed.")


def of_redis(redis: Redis) -> None:
    """Tell of a Redis that may lose or forget what it takes, or is too full to take more, until that is over.

    One that is about as full as it may be is told once, not with every turn. Where it takes no writes, or tells nothing
    of itself, nobody learns of it here.
    """
    try:
        info = redis.info()
    except NoPermissionError:
        return
    is_told = any((one.what, one.about) == (What.REDIS_UNSAFE, "memory") for one in operator_log.alerts(redis))
    full = safety.memory(info, most_used=ROOM_AGAIN if is_told else safety.HIGH_WATER)
    for check in (safety.persistence(info), safety.eviction(info), full):
        if check.verdict is Verdict.FAILED:
            message = f"Redis fails this check of /readyz: {check.detail}."
            operator_log.raise_alert(redis, What.REDIS_UNSAFE, check.name, message)
        else:
            operator_log.clear_alert(redis, What.REDIS_UNSAFE, check.name, "Redis passes this check again.")


def of_accounts(redis: Redis, names: Container[str]) -> None:
    """Clear what is told of accounts that are not among `names`, those of the settings: nobody looks after them."""
    for alert in operator_log.alerts(redis):
        if alert.account is not None and alert.account not in names:
            operator_log.clear_alert(redis, alert.what, alert.about, "The account was removed from the settings.")


def of_account(redis: Redis, settings: Settings, account: Account) -> None:
    """Tell that RingCentral does not accept an account's credentials, ours or those of others, while that is so."""
    _of_subscription(redis, settings, account)
    if is_parked(redis, account.name, None if account.credentials is None else fingerprint_of(account)):
        message = "RingCentral does not accept the credentials of this account."
        operator_log.raise_alert(redis, What.ACCOUNT_PARKED, account.name, message, account=account.name)
    else:
        operator_log.clear_alert(redis, What.ACCOUNT_PARKED, account.name, "It is not asked in vain any more.")


def of_call_log(redis: Redis, settings: Settings, account: Account, *, there_for: float) -> None:
    """Tell that the call log has not been answered for long, for whatever reason: outcomes wait for it.

    It is compared now and then though no call waits. Upkeep must have been there `there_for` as long, in seconds:
    whatever was stopped with it was asking for nothing either.
    """
    longest, position = settings.reconcile_seconds + UNANSWERED_SECONDS, asking.load(redis, account.name)
    now, answered = redis_time(redis), position.last_answer
    ago = math.inf if answered is None else now - answered
    is_asked = account.credentials is not None or now - position.swept_at <= longest or _others_look(redis, account)
    if ago <= longest or not is_asked:
        over = "It is answered again." if ago <= longest else "Without credentials nobody asks it."
        operator_log.clear_alert(redis, What.CALL_LOG_UNANSWERED, account.name, over)
    elif there_for > longest:
        message = f"RingCentral's call log has not been answered for {longest / 60:.0f} minutes."
        operator_log.raise_alert(redis, What.CALL_LOG_UNANSWERED, account.name, message, account=account.name)


def _of_subscription(redis: Redis, settings: Settings, account: Account) -> None:
    """Clear what nothing of the guardian's ends.

    That there is no subscription is told for as long as one shall be made, and what was wrong with one for as long as
    there is any; without credentials until nobody who has any looks.
    """
    over: dict[What, str] = {}
    if account.credentials is None:
        if not _others_look(redis, account):
            over = dict.fromkeys((What.SUBSCRIPTION_MISSING, *_OF_SUBSCRIPTIONS), "Without credentials nobody looks.")
    elif settings.public_url is None:
        over[What.SUBSCRIPTION_MISSING] = "Without PUBLIC_URL none is made."
    if guarding.load(redis, account.name).health is Health.UNMANAGED:
        over |= dict.fromkeys(_OF_SUBSCRIPTIONS, "There is no subscription, and none is made.")
    for what, why in over.items():
        operator_log.clear_alert(redis, what, account.name, why)


def _others_look(redis: Redis, account: Account) -> bool:
    """Say whether there are processes that have credentials of the account, where this one has none."""
    return guarding.load(redis, account.name).is_looked_after(redis_time(redis))


def _of_destination(redis: Redis, one: Destination) -> None:
    if one.state is DestinationState.DISABLED:
        charge.tell_disabled(redis, one.id, one.disabled_because)
        return
    paused = "It is paused." if one.state is DestinationState.PAUSED else None
    operator_log.clear_alert(redis, What.DESTINATION_DISABLED, one.id, paused or "It is sent events again.")
    health = charge.health(redis, one.id)
    if health.told:
        charge.tell_failing(redis, one.id, health.told)
    elif health.failing_since is None:
        over = paused or "It takes events again, or begins anew."
        operator_log.clear_alert(redis, What.DESTINATION_FAILING, one.id, over)
