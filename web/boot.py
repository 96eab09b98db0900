"""Start the server of `web` once its settings are whole: `python -m web.boot granian …`, the line of the Procfile.

granian makes the app in processes of its own, and starts one that ends anew. Two that cannot start and end in turn it
takes for nothing unusual, for ever: so what stops the boot is looked for before it.
"""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime import settings
from runtime.settings import Settings

_SERVER = "granian"


def whole_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings of a web process; a fault in them ends the process with all of them named."""
    try:
        return settings.load(environ, needs=_needs(environ))
    except settings.SettingsError as error:
        sys.exit("\n".join(error.faults))


def _needs(environ: Mapping[str, str]) -> frozenset[settings.Need]:
    """Say what cannot be missing: who receives no notifications verifies none."""
    receives = environ.get("WEB_ROLE", "").strip().lower() != settings.WebRole.OPS
    return frozenset({settings.Need.VERIFICATION} if receives else ())


def _command(words: Sequence[str], ours: Settings) -> list[str]:
    """Give the command with the usual port where there is no `PORT`, of which the shell leaves nothing."""
    return [f"--port={ours.port}" if word == "--port=" else word for word in words]


def _listen(words: Sequence[str]) -> None:
    """End with the reason where nobody can listen: granian has none but a traceback. With their like they share.

    Where is what the command says, which may name another port than `PORT`, or a socket.
    """
    host, port = _said(words, "--host"), _said(words, "--port")
    if not (host and port.isdecimal() and int(port) < 2**16):
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            probe.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            sys.exit(f"PORT {port} cannot be listened on: {error.strerror}")


def _said(words: Sequence[str], option: str) -> str:
    """Read what follows an option, in the same word or in the next; empty where it is not there."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        name, is_joined, value = word.partition("=")
        if name == option:
            return value if is_joined else following
    return ""


def _found(words: Sequence[str]) -> list[str]:
    """Give the command with its server: beside our Python, to which no PATH may lead, as where systemd starts us.

    Our Python runs it, for its own first line may name that one to a shell, which takes some signs for its own. What is
    not there is looked for on the PATH.
    """
    beside = Path(sys.executable).parent / words[0]
    return [sys.executable, str(beside), *words[1:]] if words[0] == _SERVER and beside.is_file() else [*words]


if __name__ == "__main__":
    whole = whole_settings(os.environ)
    command = _command(sys.argv[1:], whole)
    if command[0] == _SERVER:
        _listen(command)
    command = _found(command)
    os.execvp(command[0], command)  # noqa: S606 - the Procfile's command, no shell
