"""Let a script started with any Python find the project's own environment."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = str(Path(sys.executable).parent)
"""Where the project is, and the programs of the environment that runs."""

_REQUIREMENTS = ("cryptography", "flask", "hiredis", "msgspec", "redis", "requests", "rq", "structlog", "tqdm")
"""What commands import: an environment of another project's has some of these as well."""


def end_at_ctrl_c() -> None:
    """Have Ctrl-C end the process without a word until `at_the_terminal` hears it: what is imported takes a second.

    Where it is ignored, as of what a shell started in the background, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def reexec_in_venv() -> None:
    """Run the script again with `.venv/bin/python` when it was started outside any environment, or in a foreign one.

    In an environment that has what we need, or where there is no `.venv` as in the container, the running Python is
    kept. In ours nothing is taken from another project's PYTHONPATH, whoever started it. Either way the project's
    packages can be imported afterwards, and `scripts/` itself stands in nobody's way.

    The script is read by whatever Python a machine calls `python3`, one that is too old for us among them: it holds
    no newer words, and imports nothing newer before this.
    """
    is_command = Path(sys.argv[0]).resolve().parent == ROOT / "scripts"  # and not what only imports one
    if is_command:
        end_at_ctrl_c()
    python = ROOT / ".venv" / "bin" / "python"
    if Path(sys.prefix) == ROOT / ".venv":
        is_wrong = is_command and os.environ.get("PYTHONPATH", str(ROOT)) != str(ROOT)
    else:
        is_wrong = python.exists() and (sys.prefix == sys.base_prefix or not _has_requirements())
    if is_wrong:
        others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        os.execve(python, [str(python), *sys.argv], others)  # noqa: S606 - our own interpreter, no shell
    if not _has_requirements():
        sys.exit("the project's requirements are not installed; ./scripts/install does it")
    here = str(ROOT / "scripts")
    sys.path[:] = [str(ROOT), *(entry for entry in sys.path if entry not in {str(ROOT), here})]


def _has_requirements() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in _REQUIREMENTS)
