"""The guardian: sees to it that RingCentral delivers, and that nothing is lost for good when it did not.

A shift of its own beside upkeep, so that waiting for the network keeps nobody waiting. It looks at the subscription
each minute: makes one where there is none, renews early, replaces one that is blacklisted or bears an older token.
After a gap it has exactly that stretch of the call log compared. It looks up silent calls, and raises the alarm when
the log shows calls and nothing is heard.
"""

from typing import Final

import msgspec
from redis.exceptions import RedisError

from runtime import bells, comparisons, guarding, keys, operator_log
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.comparisons import Why
from runtime.guarding import LONGEST_PATIENCE, MOMENT_SECONDS, Guarded
from runtime.leases import Lease, LeaseHeld, LeaseLost, lease
from runtime.logs import log
from runtime.metrics import FAILURES
from runtime.settings import Account, Scope
from telephony import subscriptions as rules
from telephony.operator_events import What
from telephony.subscriptions import Health, Plan, Seen
from telephony.times import moment_at
from workers.dependencies import Dependencies, current
from workers.housekeeping import presence, watches
from workers.housekeeping.silence import Silences
from workers.housekeeping.webhook_addresses import addresses
from workers.ringcentral.errors import BrokenConfiguration, Forbidden, RingCentralError, is_gone
from workers.ringcentral.subscriptions import Subscription, Subscriptions, seen
from workers.ringcentral.telephony_sessions import TelephonySessions

STAGE: Final = "guardian"
LEASE_SECONDS: Final = 150.0
"""A shift sends a few requests, each of which may take half a minute."""

MARGIN_SECONDS: Final = 300.0
"""How much earlier than we know of it a gap may have begun: a blacklisting comes after failures."""

LONGEST_DOUBT_SECONDS: Final = 1800.0
WHILE_SHUT_SECONDS: Final = 10.0
"""How long others' words are waited out at most; each in a row shuts the breaker for twice as long."""

NOT_GIVEN: Final = "RC_VERIFICATION_TOKEN is not set"


def run(account_name: str) -> None:
    """Run one shift for an account; whoever comes second leaves."""
    dependencies = current()
    account = dependencies.account(account_name)
    try:
        with lease(dependencies.redis, account.name, STAGE, seconds=LEASE_SECONDS) as held:
            Guardian(account, held, dependencies).look()
    except (LeaseHeld, LeaseLost):
        return
    except RedisError as error:
        dependencies.recorder.count(FAILURES, STAGE, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the outermost of this thread: nobody else would tell
        log.exception("guardian.failed", account=account.name)
        dependencies.recorder.count(FAILURES, STAGE, type(error).__name__)


class Guardian:
    """Looks after one account."""

    def __init__(self, account: Account, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._name, self._company = account.name, account.scope is Scope.ACCOUNT
        self._lease = held
        self._redis, self._settings, self._recorder = dependencies.redis, dependencies.settings, dependencies.recorder
        self._stopping, self._made_at = dependencies.stopping, dependencies.made_at
        client = dependencies.ringcentral(account)
        self._subscriptions, self._sessions = Subscriptions(client), TelephonySessions(client)

    def look(self) -> Guarded:
        """Look at everything once; give how the subscription is now."""
        now, guarded = redis_time(self._redis), guarding.load(self._redis, self._name)
        there_since = presence.since(self._redis, self._made_at, now=now)
        if self._account.credentials is not None:
            watches.compare_at_night(self._redis, self._name, now=now)
            guarded = self._looked_after(guarded, now)
        since = max(there_since, guarded.doubtful_before or 0.0)
        watches.watch_for_silence(self._redis, self._name, since=since, now=now)
        return guarded

    def _looked_after(self, guarded: Guarded, now: float) -> Guarded:
        """Put right what can be, ask about silent calls, and give how the subscription is then."""
        try:
            if not guarded.rests(now) or self._redis.exists(keys.reminded(self._name)):
                guarded = self.guard()
        except RingCentralError as error:
            self._failed(error, now)
        try:
            silences = Silences(self._redis, self._name, self._sessions, silence_seconds=self._settings.silence_seconds)
            silences.look(guarded, now=now, stopping=self._stopping)
        except RingCentralError as error:  # they are as silent in a minute
            self._recorder.count(FAILURES, STAGE, type(error).__name__)
        return guarded

    def guard(self, *, patient: bool = True) -> Guarded:
        """Put the subscription right. Raises RingCentralError; what was found out before that is kept.

        A `patient` guardian gives a moment where there never was one to whoever may be making it, and where it was just
        started itself to `web`, which may have been started with it and answers no handshake yet.
        """
        now, guarded = redis_time(self._redis), guarding.load(self._redis, self._name)
        plan = self.plan(guarded, now=now)
        self._lease.commit(())  # RingCentral may have taken its time: another may have put it right meanwhile
        guarded = self._noted(guarded, plan, now)
        there_since = presence.since(self._redis, self._made_at, now=now)
        is_early = guarded.is_just_missed(MOMENT_SECONDS) if guarded.id is None else now < there_since + MOMENT_SECONDS
        if patient and is_early and plan.create and plan.health is Health.MISSING:
            bells.ring_at(self._redis, Stage.UPKEEP, self._name, now + MOMENT_SECONDS)
            return guarded
        for one in plan.delete_first:
            self._delete(one)
        if plan.create:
            guarded = self._created(guarded)
        elif plan.keep is not None:
            try:
                guarded = self._kept(guarded, plan.keep, renew=plan.renew, now=now)
            except RingCentralError as error:  # it is listed, and has ended
                if not (is_gone(error) and addresses(self._settings, self._account)):
                    raise
                self._wait_after(error)
                gap = guarded.gap_from or self._gap(guarded, [], now)
                missing = msgspec.structs.replace(guarded, health=Health.MISSING, gap_from=gap)
                guarded = self._created(self._keep(missing))
        for one in plan.delete_after:
            self._delete(one)
        return guarded

    def plan(self, guarded: Guarded, *, now: float) -> Plan:
        """Ask for the subscriptions there are, and decide what to do."""
        return rules.plan(
            [seen(one) for one in self._subscriptions.all()],
            addresses=addresses(self._settings, self._account),
            company=self._company,
            known=guarded.id,
            is_current=self._has_newest_token(guarded),
            reminded=bool(self._redis.exists(keys.reminded(self._name))),
            now=moment_at(now),
            leaving=guarded.leaving,
        )

    def _has_newest_token(self, guarded: Guarded) -> bool:
        """Say whether the subscription has our newest token; one that somebody else made may have the older of two."""
        return guarded.token == self._token() if guarded.token else len(self._account.verification_tokens) <= 1

    def _token(self) -> str | None:
        tokens = self._account.verification_tokens
        return guarding.fingerprint(tokens[0]) if tokens else None

    def _noted(self, guarded: Guarded, plan: Plan, now: float) -> Guarded:
        """Note how it is, and since when nobody delivers, before anything is done about it."""
        gap = guarded.gap_from
        blacklisted = [one for one in plan.delete_first if one.blacklisted_at is not None]
        if plan.keep is None and gap is None and plan.health is not Health.ACTIVE:
            gap = self._gap(guarded, blacklisted, now)
        if plan.health is Health.BLACKLISTED:
            reasons = "; ".join(one.reason or "no reason given" for one in blacklisted) or "no reason given"
            message = "RingCentral had given up delivering notifications."
            self._raise(What.SUBSCRIPTION_BLACKLISTED, message, {"reason": reasons})
        missing = (guarded.missing_since or now) if plan.create else None
        noted = msgspec.structs.replace(
            guarded, health=plan.health, checked_at=now, gap_from=gap, missing_since=missing
        )
        foreign = tuple(one.address for one in plan.foreign)
        noted = msgspec.structs.replace(noted, foreign=foreign, leaving=plan.leaving)
        unmanaged = plan.health is Health.UNMANAGED  # which is meant so where there is no PUBLIC_URL either
        if unmanaged or guarded.problem == NOT_GIVEN:
            problem = NOT_GIVEN if unmanaged and self._settings.public_url else None
            noted = msgspec.structs.replace(noted, problem=problem)
            if problem is not None:
                log.warning("guardian.hindered", account=self._name, error=problem)
        return self._keep(noted)

    def _gap(self, guarded: Guarded, blacklisted: list[Seen], now: float) -> float | None:
        """Say since when notifications may have been lost; None where nobody ever delivered to us."""
        if blacklisted:
            since = min(one.blacklisted_at.timestamp() for one in blacklisted if one.blacklisted_at)
            heard = guarding.last_notification(self._redis, self._name) or since
            return max(min(heard, since), since - LONGEST_DOUBT_SECONDS)
        if guarded.id is None:
            return None
        return guarded.well_at if guarded.well_at is not None else now

    def _created(self, guarded: Guarded) -> Guarded:
        made = self._subscriptions.create(
            rules.filters(company=self._company),
            address=addresses(self._settings, self._account)[0],
            verification_token=self._account.verification_tokens[0],
            expires_in=rules.LIFETIME,
        )
        log.info("subscription.created", account=self._name, id=made.id)
        now = redis_time(self._redis)
        fresh = msgspec.structs.replace(guarded, id=made.id, token=self._token())
        return self._kept(fresh, seen(made), renew=False, now=now)

    def _kept(self, guarded: Guarded, one: Seen, *, renew: bool, now: float) -> Guarded:
        """Note the one that delivers, renew it if it is time, and have the gap before it compared."""
        if renew:
            one = seen(self._renewed(one))
            self._redis.delete(keys.reminded(self._name))
            log.info("subscription.renewed", account=self._name, id=one.id)
        self._lease.commit(())  # as in `guard`
        if guarded.gap_from is not None:
            comparisons.ask(
                self._redis,
                self._name,
                Why.GAP,
                since=max(guarded.gap_from - MARGIN_SECONDS, now - self._settings.retention_seconds),
                until=now,
                name=f"gap_{int(guarded.gap_from)}",
            )
        incomplete = rules.disabled(one, company=self._company)
        self._tell(one, incomplete=incomplete)
        is_new = guarded.gap_from is not None or guarded.well_at is None
        return self._keep(
            msgspec.structs.replace(
                guarded,
                id=one.id,
                token=guarded.token if one.id == guarded.id and guarded.token else self._token(),
                address=one.address,
                health=Health.INCOMPLETE if incomplete else Health.ACTIVE,
                checked_at=now,
                well_at=now,
                expires_at=one.expires_at.timestamp() if one.expires_at else None,
                doubtful_before=now if is_new else guarded.doubtful_before,
                gap_from=None,
                missing_since=None,
                next_at=0.0,
                problem=None,
            )
        )

    def _renewed(self, one: Seen) -> Subscription:
        if rules.reminds(one) and not rules.disabled(one, company=self._company):
            return self._subscriptions.renew(one.id)
        try:
            return self._subscriptions.update(one.id, rules.filters(company=self._company), expires_in=rules.LIFETIME)
        except RingCentralError as error:
            if not is_gone(error):  # it stays as it is for now
                self._tell(one, incomplete=rules.disabled(one, company=self._company))
            raise

    def _tell(self, one: Seen, *, incomplete: bool) -> None:
        operator_log.clear_alert(self._redis, What.SUBSCRIPTION_MISSING, self._name, "There is a subscription.")
        operator_log.clear_alert(self._redis, What.SUBSCRIPTION_BLACKLISTED, self._name, "RingCentral delivers again.")
        if incomplete:
            details = {"filters": ", ".join(one.disabled), "reasons": "; ".join(dict.fromkeys(one.because))}
            self._raise(What.SUBSCRIPTION_INCOMPLETE, "RingCentral does not serve the filter of calls.", details)
        else:
            operator_log.clear_alert(self._redis, What.SUBSCRIPTION_INCOMPLETE, self._name, "All filters are served.")

    def _failed(self, error: RingCentralError, now: float) -> None:
        """Note what went wrong. It is tried again within a minute, unless RingCentral asks for more patience.

        Credentials may be others by then; while they are not, the breaker has the patience. That none could be made is
        told when that failed, too: where all was started together, `web` may not have been there for the handshake.
        """
        problem = " ".join((type(error).__name__, *error.codes))
        log.warning("guardian.hindered", account=self._name, error=type(error).__name__, codes=error.codes)
        self._recorder.count(FAILURES, STAGE, type(error).__name__)
        guarded = guarding.load(self._redis, self._name)
        patience = 0.0 if isinstance(error, BrokenConfiguration) else error.retry_after or 0.0
        self._keep(msgspec.structs.replace(guarded, problem=problem, next_at=now + min(patience, LONGEST_PATIENCE)))
        is_new = guarded.checked_at is not None and guarded.checked_at >= now
        there_since = presence.since(self._redis, self._made_at, now=redis_time(self._redis))
        is_early = guarded.is_just_missed(there_since=there_since)
        message = None
        if is_new and guarded.health in (Health.MISSING, Health.BLACKLISTED) and not is_early:
            message = "There is no subscription, and none could be made."
        elif not is_new and isinstance(error, Forbidden) and addresses(self._settings, self._account):
            message = "RingCentral lets nobody see or make a subscription, for want of a permission."
        if message is not None:
            self._raise(What.SUBSCRIPTION_MISSING, message, {"problem": problem})

    def _delete(self, one: Seen) -> None:
        try:
            self._subscriptions.delete(one.id)
            log.info("subscription.deleted", account=self._name, id=one.id)
        except RingCentralError as error:  # it went by itself
            if not is_gone(error):
                raise
            self._wait_after(error)

    def _wait_after(self, error: RingCentralError) -> None:
        """Wait until RingCentral may be asked once more: the breaker is shut for a moment after others' words."""
        self._stopping.wait(min(error.retry_after or 0.0, WHILE_SHUT_SECONDS))

    def _raise(self, what: What, message: str, details: dict[str, str]) -> None:
        operator_log.raise_alert(self._redis, what, self._name, message, account=self._name, details=details)

    def _keep(self, guarded: Guarded) -> Guarded:
        guarding.keep(self._redis, self._name, guarded)
        return guarded
