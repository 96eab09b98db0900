"""Look at the settings: are they there, are they safe, can what is stored be read with them."""

from runtime import settings
from runtime.deliveries import destinations
from runtime.deliveries.destinations import UnknownDestination
from runtime.deliveries.sealing import CannotOpen
from runtime.settings import Need, SettingsError
from scripts.checkup.findings import Findings, Patient, error, warning
from scripts.terminal.installation import named


def complete(patient: Patient) -> Findings:
    """Every setting that a process needs is there and can be read, and no call is forgotten before its time."""
    try:
        ours = settings.load(patient.environ, needs=frozenset({Need.CREDENTIALS, Need.VERIFICATION}))
    except SettingsError as faults:
        for fault in faults.faults:
            yield error(fault, f"{_mending(fault)} (docs/reference/settings.md)")
        return
    waits = {"RECORD_DEADLINE_SECONDS": ours.record_deadline_seconds, "SILENCE_SECONDS": ours.silence_seconds}
    for name, seconds in waits.items():
        if seconds >= ours.retention_seconds:
            yield warning(
                f"RETENTION_SECONDS is not longer than {name}: what is waited for so long is forgotten first",
                f"set RETENTION_SECONDS to more than {seconds:g}, or {name} to less",
            )


def admin_token(patient: Patient) -> Findings:
    """The API and the dashboard can be entered, and not by guessing."""
    ours = patient.settings
    if not ours.admin_token:
        yield warning(
            "ADMIN_TOKEN is not set here: web needs it, or nobody can enter", "set ADMIN_TOKEN for the web process"
        )
    for name, token in (("ADMIN_TOKEN", ours.admin_token), ("READ_TOKEN", ours.read_token)):
        if token and len(token) < _SHORTEST_TOKEN:
            yield error(f"{name} can be guessed", f"set {name} to {_SHORTEST_TOKEN} random characters or more")


def verification_token(patient: Patient) -> Findings:
    """What RingCentral is known by cannot be guessed: guesses are refused, but nobody is made to wait with the next."""
    for account in patient.settings.accounts:
        if any(len(token) < _SHORTEST_TOKEN for token in account.verification_tokens):
            yield error(
                f"account {account.name}: RC_VERIFICATION_TOKEN can be guessed",
                f"set it to `new,old`, the new one {_SHORTEST_TOKEN} random characters or more, then to the new one",
            )


def one_user_each(patient: Patient) -> Findings:
    """No two accounts are the same user of the same app: RingCentral counts their requests together."""
    users: dict[tuple[str, str, str], list[str]] = {}
    for account in patient.settings.accounts:
        known = account.credentials
        if known is not None:
            users.setdefault((account.server_url, known.client_id, known.jwt), []).append(account.name)
    for names in users.values():
        if len(names) > 1:
            yield warning(
                f"accounts {named(names)} have the same credentials: calls are told twice, and requests refused",
                "take all but one of them out of the file that ACCOUNTS_FILE names, or give each its own",
            )


def secrets_key(patient: Patient) -> Findings:
    """The secrets of destinations are stored encrypted, by a key that cannot be guessed, and can be opened."""
    found = destinations.all(patient.redis)
    if found and not patient.settings.secrets_keys:
        yield warning(
            "SECRETS_KEY is not set: whoever reads Redis reads the secrets of destinations",
            "set SECRETS_KEY to a random text for web and the workers",
        )
    if any(len(key) < _SHORTEST_TOKEN for key in patient.settings.secrets_keys):
        yield error(
            "SECRETS_KEY can be guessed: whoever reads Redis may try as many keys as they like",
            f"set it to `new,old`, the new one {_SHORTEST_TOKEN} random characters or more, rotate the secret of each "
            "destination, then set it to the new one",
        )
    for one in found:
        try:
            destinations.secrets(patient.redis, one.id, keys=patient.settings.secrets_keys)
            is_open = not destinations.are_sealed(patient.redis, one.id)
        except UnknownDestination:  # it was removed meanwhile
            continue
        except CannotOpen:
            yield error(
                f"the secret of {one.id} cannot be opened with SECRETS_KEY",
                "add the key it was sealed with to SECRETS_KEY after a comma; if it is lost, add the destination anew "
                f"and ./scripts/destinations.py remove {one.id}",
            )
        else:
            if is_open and patient.settings.secrets_keys:
                yield warning(
                    f"the secret of {one.id} was stored before SECRETS_KEY was set: whoever reads Redis reads it",
                    f"./scripts/destinations.py rotate {one.id}",
                )


def _mending(fault: str) -> str:
    """Say where the setting that a fault begins with is put right; those of many accounts are in a file of theirs."""
    if fault.startswith("ACCOUNTS_FILE"):
        return "mend the file that ACCOUNTS_FILE names"
    return f"set {fault.split(maxsplit=1)[0]} in the environment or in .env"


_SHORTEST_TOKEN = 16
