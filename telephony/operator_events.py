"""What whoever runs Legwork is told: every alert there is, as a table, and the CloudEvents that raise and clear them.

Alerts are levels, not edges: one is on for as long as its reason holds. Its first event raises it, further ones say
that it has become worse, the last one clears it; all of them have the same subject, and revisions in order.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.events import Envelope
from telephony.times import iso_ms_at

PREFIX: Final = "legwork.operator."
SUBJECT: Final = "operator:"
"""What the subject of an alert begins with, and of no call."""


class Severity(StrEnum):
    """How soon somebody should look."""

    WARNING = "warning"
    CRITICAL = "critical"


class Told(StrEnum):
    """What an event says of its alert."""

    RAISED = "raised"
    WORSE = "worse"
    CLEARED = "cleared"


class What(StrEnum):
    """Every alert there is."""

    SUBSCRIPTION_MISSING = "subscription.missing"
    SUBSCRIPTION_BLACKLISTED = "subscription.blacklisted"
    SUBSCRIPTION_INCOMPLETE = "subscription.incomplete"
    NOTIFICATIONS_MISSING = "notifications.missing"
    COMPLETENESS_UNEXPLAINED = "completeness.unexplained"
    CALL_LOG_UNANSWERED = "call_log.unanswered"
    ACCOUNT_PARKED = "account.parked"
    REDIS_UNSAFE = "redis.unsafe"
    DESTINATION_FAILING = "destination.failing"
    DESTINATION_DISABLED = "destination.disabled"


class Row(msgspec.Struct, frozen=True):
    """One alert: how grave it is, when it is on, and what to do."""

    severity: Severity
    when: str
    remedy: str


ALERTS: Final[Mapping[What, Row]] = MappingProxyType(
    {
        What.SUBSCRIPTION_MISSING: Row(
            Severity.CRITICAL,
            "RingCentral has no subscription for this installation, and it could not be made, or may not be looked at.",
            "`./scripts/subscribe.py repair` says why; most often `PUBLIC_URL` is not reachable from outside.",
        ),
        What.SUBSCRIPTION_BLACKLISTED: Row(
            Severity.WARNING,
            "RingCentral had given up delivering. A new subscription is made, and the gap is compared with the log.",
            "Find out why `web` did not answer 200 within three seconds; the details have RingCentral's reason.",
        ),
        What.SUBSCRIPTION_INCOMPLETE: Row(
            Severity.CRITICAL,
            "RingCentral took the subscription and does not serve all of it, for want of a permission.",
            "Give the app and the user the permission named in the details, then `./scripts/subscribe.py repair`.",
        ),
        What.NOTIFICATIONS_MISSING: Row(
            Severity.CRITICAL,
            "The call log shows calls, and no notification has come since before they began.",
            "Calls still get their outcome, later. Look at `./scripts/subscribe.py list`, and at what is before `web`.",
        ),
        What.COMPLETENESS_UNEXPLAINED: Row(
            Severity.CRITICAL,
            "A call is neither published, nor open, waiting, unresolved or suppressed.",
            "`./scripts/audit.py --since 7d` names it and says what is missing;"
            " `./scripts/reconcile.py --since 7d` heals it.",
        ),
        What.CALL_LOG_UNANSWERED: Row(
            Severity.CRITICAL,
            "RingCentral's call log has not been answered for ten minutes more than lie between two comparisons.",
            "Outcomes wait for it, and nothing is lost. See whether a `resolve` worker runs;"
            " `./scripts/doctor.py credentials call-log` tells what RingCentral answers.",
        ),
        What.ACCOUNT_PARKED: Row(
            Severity.CRITICAL,
            "RingCentral does not accept the account's credentials. It is asked again now and then.",
            "Set `RC_APP_CLIENT_ID`, `RC_APP_CLIENT_SECRET` and `RC_USER_JWT` anew; where RingCentral takes the same"
            " again, `./scripts/doctor.py credentials` asks it at once. Nothing is lost meanwhile.",
        ),
        What.REDIS_UNSAFE: Row(
            Severity.CRITICAL,
            "Redis fails the named check of `/readyz`: it may lose or forget what it takes, or is nearly full.",
            "`./scripts/doctor.py persistence eviction memory` says what mends it.",
        ),
        What.DESTINATION_FAILING: Row(
            Severity.WARNING,
            "A destination has taken nothing for half of the time after which it is disabled; worse at 70 and 90 %.",
            "`./scripts/destinations.py show ID` tells what it answers.",
        ),
        What.DESTINATION_DISABLED: Row(
            Severity.CRITICAL,
            "A destination is disabled: it answered 410 Gone, or took nothing for five days. Its backlog is kept.",
            "Mend it, then `./scripts/destinations.py resume ID`.",
        ),
    }
)


class Detail(msgspec.Struct, frozen=True):
    """One thing more that is known of it."""

    name: str
    value: str


class OperatorData(msgspec.Struct, frozen=True, rename="camel"):
    """The `data` of an operator event."""

    what: What
    state: Told
    severity: Severity
    account: str | None
    about: str
    message: str
    raised_at: str
    revision: int
    details: tuple[Detail, ...] = ()


class OperatorEvent(Envelope, frozen=True, kw_only=True):
    """An alert was raised, has become worse, or is over."""

    data: OperatorData


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert that is on. Times are seconds.

    `about` names what is concerned: an account, a destination, or a check of Redis.
    `level` grows as it becomes worse; `revision` counts its events from 0.
    """

    what: What
    about: str
    account: str | None
    message: str
    since: float
    level: int = 0
    revision: int = 0
    details: dict[str, str] = {}

    @property
    def severity(self) -> Severity:
        """How soon somebody should look."""
        return ALERTS[self.what].severity

    @property
    def subject(self) -> str:
        """What all of its events have in common, and no other alert's."""
        return f"{SUBJECT}{self.what}:{self.about}:{int(self.since * 1000)}"


def event(alert: Alert, told: Told, *, now: float) -> OperatorEvent:
    """Make the event that tells `alert`."""
    return OperatorEvent(
        id=f"{alert.subject}/{alert.revision}",
        source="/legwork" if alert.account is None else f"/legwork/{alert.account}",
        type=PREFIX + alert.what,
        subject=alert.subject,
        time=iso_ms_at(now),
        data=OperatorData(
            what=alert.what,
            state=told,
            severity=alert.severity,
            account=alert.account,
            about=alert.about,
            message=alert.message,
            raised_at=iso_ms_at(alert.since),
            revision=alert.revision,
            details=tuple(Detail(*row) for row in alert.details.items()),
        ),
    )
