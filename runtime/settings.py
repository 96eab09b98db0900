"""Settings: read once, from the environment, by the process that needs them; every fault is reported at once.

Names are the contract's and, for RingCentral, those of its own quick starts. `load` is told what the process needs,
so that `web` runs without a RingCentral credential, and workers that make no subscription without a verification token.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from runtime.setting_values import (
    Network,
    header_tokens,
    http_url,
    networks,
    one_of,
    redis_url,
    seconds,
    seconds_list,
    tokens,
    whole,
)

DEFAULT_ACCOUNT = "default"
"""The account's name when the `RC_*` variables describe the only one."""

_ACCOUNT_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_MAX_ACCOUNT_NAME = 64
_MAX_PORT = 65535


class Need(StrEnum):
    """What a process cannot run without, beside Redis."""

    VERIFICATION = "verification"
    CREDENTIALS = "credentials"


class Scope(StrEnum):
    """Whose call log answers: the company's, or only the authenticated user's own."""

    ACCOUNT = "account"
    EXTENSION = "extension"


class WebRole(StrEnum):
    """What a `web` process serves: everything, or RingCentral's webhooks alone, or all the rest alone."""

    ALL = "all"
    WEBHOOKS = "webhooks"
    OPS = "ops"


class SettingsError(Exception):
    """Some settings are missing or wrong; `faults` holds one sentence for each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("settings: " + "; ".join(faults))
        self.faults = faults


class Credentials(msgspec.Struct, frozen=True):
    """What the JWT bearer grant asks for. Never logged: `repr` shows the client id only."""

    client_id: str
    client_secret: str
    jwt: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r})"


class Account(msgspec.Struct, frozen=True):
    """One RingCentral account as this installation sees it."""

    name: str
    server_url: str
    scope: Scope
    credentials: Credentials | None
    verification_tokens: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, server_url={self.server_url!r})"


class Settings(msgspec.Struct, frozen=True, dict=True):
    """Everything the environment decides. Durations are seconds."""

    redis_url: str
    accounts: tuple[Account, ...]
    port: int = 8080
    log_level: str = "info"
    log_format: str = "json"
    public_url: str | None = None
    admin_token: str | None = None
    read_token: str | None = None
    web_role: WebRole = WebRole.ALL
    quiet_seconds: float = 3.0
    settle_seconds: float = 10.0
    fetch_interval_seconds: float = 6.0
    record_deadline_seconds: float = 900.0
    reread_seconds: tuple[float, ...] = (90.0, 300.0, 900.0)
    silence_seconds: float = 14400.0
    reconcile_seconds: float = 300.0
    retention_seconds: float = 604800.0
    inbox_retention_seconds: float = 86400.0
    heavy_limit: int = 10
    allow_private_destinations: tuple[Network, ...] = ()
    secrets_keys: tuple[str, ...] = ()

    def account(self, name: str) -> Account | None:
        """Find an account by its name. Asked for each session, so among ten thousand as quickly as among two."""
        return self._by_name.get(name)

    def gaps_tell(self, name: str) -> bool:
        """Say whether a notification that is missing should have come: of a call of one extension others' never do."""
        account = self.account(name)
        return account is None or account.scope is Scope.ACCOUNT

    @cached_property
    def _by_name(self) -> Mapping[str, Account]:
        return {account.name: account for account in self.accounts}

    def __repr__(self) -> str:
        return f"Settings(accounts={[account.name for account in self.accounts]!r})"


def load(environ: Mapping[str, str], *, needs: frozenset[Need] = frozenset()) -> Settings:
    """Read the settings of a process that needs `needs`.

    Raises SettingsError naming every fault, so that a deployment is mended in one go.
    """
    reader = _Reader(environ)
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    values = {name: reader.value(*how, defaults[name]) for name, how in _SETTINGS.items()}
    values["redis_url"] = reader.value("REDIS_URL", redis_url, "")
    if not values["redis_url"] and not reader.named("REDIS_URL"):
        reader.faults.append("REDIS_URL is not set (./scripts/run starts an embedded server and sets it)")
    values["accounts"] = _accounts(reader, needs)
    if values["read_token"] and values["read_token"] == values["admin_token"]:
        reader.faults.append("READ_TOKEN must differ from ADMIN_TOKEN, or whoever may look may do everything")
    if reader.faults:
        raise SettingsError(tuple(reader.faults))
    return Settings(**values)


def is_account_name(text: str) -> bool:
    """Say whether an account may have this name: it stands in its route, its keys and the log.

    Dots alone every HTTP client takes for a step in a path, and asks elsewhere.
    """
    return len(text) <= _MAX_ACCOUNT_NAME and bool(text.strip(".")) and set(text) <= _ACCOUNT_NAME


class _Reader:
    """Reads one mapping of settings and collects what is wrong with it; `where` names it in the faults."""

    def __init__(self, values: Mapping[str, str], where: str = "") -> None:
        self._values = values
        self._where = where
        self.faults: list[str] = []

    def value(self, name: str, parse: Callable[[str], Any], default: Any) -> Any:
        text = self._values.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.faults.append(f"{self._where}{name} {error}")
            return default

    def need(self, name: str, why: str) -> None:
        if not self._values.get(name, "").strip() and not self.named(name):
            self.faults.append(f"{self._where}{name} is not set ({why})")

    def named(self, name: str) -> bool:
        """Whether a fault was already found with `name`."""
        return any(fault.startswith(f"{self._where}{name} ") for fault in self.faults)


def _accounts(reader: _Reader, needs: frozenset[Need]) -> tuple[Account, ...]:
    file = reader.value("ACCOUNTS_FILE", Path, None)
    if file is None:
        return (_account(DEFAULT_ACCOUNT, reader, needs),)
    try:
        held = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reader.faults.append(f"ACCOUNTS_FILE cannot be read: {error}")
        return ()
    tables = held.pop("accounts", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        reader.faults.append("ACCOUNTS_FILE holds no [[accounts]] table")
        return ()
    reader.faults += [f"ACCOUNTS_FILE: {key!r} is unknown; an account is a table [[accounts]]" for key in held]
    accounts = tuple(_account_of_table(table, reader, needs) for table in tables)
    named = Counter(account.name for account in accounts)
    reader.faults += [f"ACCOUNTS_FILE names {name!r} twice" for name in sorted(named) if named[name] > 1]
    return accounts


def _account_of_table(table: dict[str, Any], outer: _Reader, needs: frozenset[Need]) -> Account:
    told = table.get("name", "")
    name = told if isinstance(told, str) else ""
    if not is_account_name(name):
        outer.faults.append(
            f"ACCOUNTS_FILE: name {told!r} must be 1 to 64 letters, digits, '-', '_' or '.', not dots alone"
        )
    where = f"ACCOUNTS_FILE, account {name}: "
    inner = _Reader({key.upper(): value for key, value in table.items() if isinstance(value, str)}, where)
    inner.faults += [where + fault for fault in _faults_of_table(table)]
    account = _account(name, inner, needs)
    outer.faults += inner.faults
    return account


def _faults_of_table(table: dict[str, Any]) -> Iterator[str]:
    """Say which keys are not ours, are there twice, or hold what is no text: a list of tokens would be no token."""
    keys = [key.upper() for key in table if key != "name"]
    yield from (f"{key} is unknown" for key in dict.fromkeys(keys) if key not in _OF_ACCOUNT)
    yield from (f"{key} is there twice" for key in dict.fromkeys(keys) if keys.count(key) > 1)
    no_text = [key.upper() for key, value in table.items() if not isinstance(value, str)]
    yield from (f"{key} must be text in quotes" for key in no_text if key in _OF_ACCOUNT)


_CREDENTIALS = ("RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "RC_USER_JWT")
_OF_ACCOUNT = frozenset({"RC_SERVER_URL", *_CREDENTIALS, "RC_VERIFICATION_TOKEN", "CALL_LOG_SCOPE"})


def _account(name: str, reader: _Reader, needs: frozenset[Need]) -> Account:
    credentials = [reader.value(variable, str, "") for variable in _CREDENTIALS]
    if Need.CREDENTIALS in needs:
        for variable in _CREDENTIALS:
            reader.need(variable, "from your app's page in the RingCentral developer console")
    if Need.VERIFICATION in needs:
        reader.need("RC_VERIFICATION_TOKEN", "without it anybody could post notifications")
    return Account(
        name=name,
        server_url=reader.value("RC_SERVER_URL", http_url, "https://platform.ringcentral.com"),
        scope=reader.value("CALL_LOG_SCOPE", one_of(*Scope, kind=Scope), Scope.ACCOUNT),
        credentials=Credentials(*credentials) if all(credentials) else None,
        verification_tokens=reader.value("RC_VERIFICATION_TOKEN", header_tokens, ()),
    )


_DAY = 86400.0
_SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "port": ("PORT", whole(1, _MAX_PORT)),
    "log_level": ("LOG_LEVEL", one_of("debug", "info", "warning", "error")),
    "log_format": ("LOG_FORMAT", one_of("json", "text")),
    "public_url": ("PUBLIC_URL", http_url),
    "admin_token": ("ADMIN_TOKEN", str),
    "read_token": ("READ_TOKEN", str),
    "web_role": ("WEB_ROLE", one_of(*WebRole, kind=WebRole)),
    "quiet_seconds": ("QUIET_SECONDS", seconds(0, 600)),
    "settle_seconds": ("SETTLE_SECONDS", seconds(0, 3600)),
    "fetch_interval_seconds": ("FETCH_INTERVAL_SECONDS", seconds(0, 3600)),
    "record_deadline_seconds": ("RECORD_DEADLINE_SECONDS", seconds(1, 7 * _DAY)),
    "reread_seconds": ("REREAD_SECONDS", seconds_list),
    "silence_seconds": ("SILENCE_SECONDS", seconds(1, 7 * _DAY)),
    "reconcile_seconds": ("RECONCILE_SECONDS", seconds(1, _DAY)),
    "retention_seconds": ("RETENTION_SECONDS", seconds(60, 3650 * _DAY)),
    "inbox_retention_seconds": ("INBOX_RETENTION_SECONDS", seconds(60, 365 * _DAY)),
    "heavy_limit": ("HEAVY_LIMIT", whole(1, 10000)),
    "allow_private_destinations": ("ALLOW_PRIVATE_DESTINATIONS", networks),
    "secrets_keys": ("SECRETS_KEY", tokens),
}
"""Field of Settings -> (variable, parser)."""
