"""Look at the rest: destinations that take nothing, alerts, and libraries that are not those we were tried with."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Final

from runtime import operator_log
from runtime.deliveries import backlog, destinations
from scripts.checkup.findings import Findings, Patient, error, warning
from scripts.venv import ROOT
from telephony.destination_faults import faults
from telephony.destinations import DestinationState
from telephony.operator_events import ALERTS, Severity, What

SEEN_IN_TIME: Final = frozenset({What.NOTIFICATIONS_MISSING, What.COMPLETENESS_UNEXPLAINED, What.DESTINATION_FAILING})
"""Alerts about what no look at this moment finds; what the others tell is looked at anew by checks of their own."""


def delivery(patient: Patient) -> Findings:
    """Destinations take what they are sent."""
    for one in destinations.all(patient.redis):
        status = backlog.status(patient.redis, one.id)
        if one.state is DestinationState.DISABLED:
            yield error(
                f"{one.id} is disabled: {one.disabled_because or 'no reason noted'}",
                f"mend the receiver, then ./scripts/destinations.py resume {one.id}",
            )
        elif status.dead:
            yield warning(
                f"{one.id} never took {status.dead} events",
                f"mend the receiver, then ./scripts/destinations.py redrive {one.id}",
            )


def filters(patient: Patient) -> Findings:
    """The accounts that destinations are told of are there: one may have been renamed or taken out of the settings."""
    names = {account.name for account in patient.settings.accounts}
    for one in destinations.all(patient.redis):
        strangers = [why for place, why in faults(one, names) if place.startswith("/accounts/")]
        if strangers:
            find = error if len(strangers) == len(one.accounts) else warning
            yield find(
                f"the filter of {one.id} names what {strangers[0]}",
                f"./scripts/destinations.py change {one.id} --account NAME,... (--account '' for all)",
            )


def alerts(patient: Patient) -> Findings:
    """No alert is on of what only time shows: calls nobody told of, or unexplained; a destination that fails."""
    for one in operator_log.alerts(patient.redis):
        if one.what in SEEN_IN_TIME:
            find = error if one.severity is Severity.CRITICAL else warning
            yield find(f"{one.about}: {one.message}", ALERTS[one.what].remedy)


def libraries(_patient: Patient) -> Findings:
    """The libraries are those of requirements.txt."""
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        required, _, where = line.partition("#")[0].partition(";")
        name, pinned, wanted = required.strip().partition("==")
        if not pinned:
            continue
        found = _installed(name.partition("[")[0])
        if found != wanted.strip() and not (where and found is None):  # not needed everywhere
            yield warning(f"{name} is {found or 'missing'}, not {wanted}", "run ./scripts/install")


def _installed(name: str) -> str | None:
    try:
        return installed(name)
    except PackageNotFoundError:
        return None
