"""All checks in their order, as a table; docs/ops/doctor.md is drawn from it."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from redis.exceptions import NoPermissionError, RedisError

from scripts.checkup import (
    other_checks,
    public_url_checks,
    redis_checks,
    ringcentral_checks,
    settings_checks,
    worker_checks,
)
from scripts.checkup.findings import Check, Findings, Patient, Severity, Told, Unavailable
from scripts.terminal.redis_server import refuses


def _check(name: str, look: Callable[[Patient], Findings]) -> Check:
    return Check(name, (look.__doc__ or "").strip(), look)


CHECKS: Final = (
    _check("settings", settings_checks.complete),
    _check("admin-token", settings_checks.admin_token),
    _check("verification-token", settings_checks.verification_token),
    _check("one-user-each", settings_checks.one_user_each),
    _check("redis", redis_checks.reached),
    _check("redis-password", redis_checks.password),
    _check("secrets-key", settings_checks.secrets_key),
    _check("redis-version", redis_checks.version),
    _check("redis-role", redis_checks.role),
    _check("persistence", redis_checks.persistence),
    _check("eviction", redis_checks.eviction),
    _check("memory", redis_checks.memory),
    _check("clocks", redis_checks.clock),
    _check("places", redis_checks.places),
    _check("one-deployment", redis_checks.one_deployment),
    _check("payloads", redis_checks.payloads),
    _check("workers", worker_checks.every_stage),
    _check("one-queue", worker_checks.one_queue),
    _check("bells", worker_checks.bells_rung),
    _check("guardian", worker_checks.guardian),
    _check("queues", worker_checks.queues),
    _check("failed-jobs", worker_checks.failed_jobs),
    _check("orphaned-jobs", worker_checks.orphaned_jobs),
    _check("public-url", public_url_checks.public_url),
    _check("handshake", public_url_checks.handshake),
    _check("credentials", ringcentral_checks.credentials),
    _check("call-log", ringcentral_checks.call_log),
    _check("subscription", ringcentral_checks.subscription),
    _check("delivery", other_checks.delivery),
    _check("filters", other_checks.filters),
    _check("alerts", other_checks.alerts),
    _check("libraries", other_checks.libraries),
)


OF_THE_REAL_ONE: Final = frozenset(
    {
        "settings",
        "admin-token",
        "verification-token",
        "one-user-each",
        "public-url",
        "handshake",
        "credentials",
        "call-log",
        "subscription",
    }
)
"""Checks that say nothing where RingCentral in a box stands in: it makes up its own settings at each start."""


WRITES: Final = "redis-role memory"
"""The checks that tell why Redis takes no writes: some of the others note down what they ask of RingCentral."""


def examine(patient: Patient, checks: tuple[Check, ...] = CHECKS) -> Iterator[Told]:
    """Make every check, and say what each found; one that cannot be made is told as such, and stops no other.

    That it cannot is an error, like what it might have found, unless the error behind it was told before.
    """
    errors: set[str] = set()
    for check in checks:
        try:
            found = list(check.look(patient))
        except Unavailable as fault:
            severity, fix = Severity.ERROR, f"`./scripts/doctor.py {fault.told_by}` says what mends that"
            if fault.told_by in errors:
                severity, fix = Severity.WARNING, "mend what stands above"
            yield Told(check.name, severity, f"not looked at: {fault}", fix, skipped=True)
        except NoPermissionError:
            says, fix = "not looked at: this user of Redis may not", "ask as `workers` of docs/ops/acl/users.acl may"
            yield Told(check.name, Severity.ERROR, says, fix, skipped=True)
        except RedisError as fault:
            yield _without_redis(check.name, fault, errors)
        except Exception as fault:  # noqa: BLE001 - one check that breaks must not keep all others from being made
            says = f"the check itself broke: {type(fault).__name__}: {fault}"
            yield Told(check.name, Severity.WARNING, says, "please open an issue with this line", skipped=True)
        else:
            if not found:
                yield Told(check.name, Severity.OK)
            errors.update(check.name for one in found if one.severity is Severity.ERROR)
            yield from (Told(check.name, one.severity, one.says, one.fix) for one in found)


def _without_redis(name: str, fault: RedisError, errors: AbstractSet[str]) -> Told:
    """Tell that a check could not be made: Redis is away, or it is there and would not."""
    severity, says = Severity.ERROR, f"Redis does not answer ({type(fault).__name__})"
    fix = "start Redis, or set REDIS_URL to where it is"
    if refuses(fault):
        says, fix = f"not looked at: Redis refuses: {fault}", f"`./scripts/doctor.py {WRITES}` says what mends that"
        if errors & {*WRITES.split()}:
            severity, fix = Severity.WARNING, "mend what stands above"
    return Told(name, severity, says, fix, skipped=True)
