"""Start the server of `web` once its settings are whole: `python -m web.boot granian …`, the line of the Procfile.

granian makes the app in processes of its own, and starts one that ends anew. Two that cannot start and end in turn it
takes for nothing unusual, for ever: so what stops the boot is looked for before it.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime import settings
from runtime.settings import Settings


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


def _program(name: str) -> str:
    """Find a program: beside our Python, to which no PATH may lead, as where systemd starts us; else on the PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else name


if __name__ == "__main__":
    command = _command(sys.argv[1:], whole_settings(os.environ))
    os.execvp(_program(command[0]), command)  # noqa: S606 - the Procfile's command, no shell
