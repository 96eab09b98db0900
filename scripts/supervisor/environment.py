"""The environment the processes get: the caller's, then .env, then what a first run needs to work at all."""

import contextlib
import os
import re
import secrets
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from runtime.settings import SettingsError

CREDENTIALS = ("RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "RC_USER_JWT", "ACCOUNTS_FILE")

# People watch this terminal: lines to read, and only those that matter. The dashboard and `LOG_LEVEL=info` tell more.
FOR_PEOPLE = MappingProxyType({"LOG_FORMAT": "text", "LOG_LEVEL": "warning", "PYTHONUNBUFFERED": "1"})

# RingCentral in a box has short calls and quick records, so that the first outcomes are seen within seconds.
FOR_THE_BOX = MappingProxyType(
    {
        "RC_APP_CLIENT_ID": "simulated-client-id",
        "RC_APP_CLIENT_SECRET": "simulated-client-secret",
        "RC_USER_JWT": "simulated-jwt",
        "SETTLE_SECONDS": "4",
        "REREAD_SECONDS": "20,60,300",
        "RECONCILE_SECONDS": "60",
        "ALLOW_PRIVATE_DESTINATIONS": "127.0.0.0/8,::1/128",
    }
)


UNDERSTOOD = re.compile(r"\s*(#.*|(export +)?[\w.-]+\s*=.*|export +[\w.-]+\s*)?")


def read_dotenv(lines: Iterable[str]) -> dict[str, str]:
    """Read `NAME=value` lines as a shell would that expands nothing: comments, `export` and quotes are understood."""
    values = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    for quote in "'\"":
        if value.startswith(quote):
            return value[1:].partition(quote)[0]
    return value.partition(" #")[0].rstrip()


def wants_box(environ: Mapping[str, str]) -> bool:
    """Say whether RingCentral in a box is to stand in, because nobody gave credentials of the real one."""
    return not any(environ.get(name) for name in CREDENTIALS)


def gather(environ: Mapping[str, str], *, root: Path) -> dict[str, str]:
    """Join the caller's environment, .env and the defaults of a run at the terminal, the earlier ones winning.

    White space around a value is no part of it, as in settings; a value that is nothing else is none. A path in .env is
    seen from there, one in the caller's environment from where the caller is.
    Raises SettingsError for a .env that cannot be read.
    """
    from_file = _dotenv(root / ".env")
    found = {name: value for name, text in {**from_file, **environ}.items() if (value := text.strip())}
    if accounts_file := found.get("ACCOUNTS_FILE"):
        seen_from = Path.cwd() if environ.get("ACCOUNTS_FILE", "").strip() else root
        found["ACCOUNTS_FILE"] = str(seen_from / accounts_file)
    programs = Path(sys.executable).parent
    found["PATH"] = f"{programs}{os.pathsep}{found.get('PATH', os.defpath)}"
    return {**FOR_PEOPLE, **found}


def follow(name: str, *, root: Path) -> None:
    """Have in our own environment what .env says of `name`: for a library that reads it there as it is imported."""
    with contextlib.suppress(SettingsError):  # whoever reads settings tells
        if value := gather(os.environ, root=root).get(name):
            os.environ[name] = value


def _dotenv(file: Path) -> dict[str, str]:
    """Read .env. A line that says nothing is meant to: as `NAME: value`, or the rest of a token that was broken."""
    try:
        lines = file.read_text("utf-8-sig").splitlines() if file.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError((f".env cannot be read: {error}",)) from error
    wrong = [number for number, line in enumerate(lines, start=1) if not UNDERSTOOD.fullmatch(line)]
    if wrong:  # it may be a secret: its number tells enough
        raise SettingsError(tuple(f".env: line {number} is no NAME=value" for number in wrong))
    return read_dotenv(lines)


def point_at_box(environ: Mapping[str, str], *, box_url: str) -> dict[str, str]:
    """Let the processes talk to RingCentral in a box instead of the real one."""
    chosen = {"RC_VERIFICATION_TOKEN": secrets.token_urlsafe(24), **FOR_THE_BOX, **environ}
    return {**chosen, "RC_SERVER_URL": box_url}


def is_free(port: int) -> bool:
    """Say whether nobody listens on `port` yet. Raises PermissionError for one that is not for this user."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def free_port() -> int:
    """Choose a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port
