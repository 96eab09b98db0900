"""Let a script started with any Python find the project's own environment."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def reexec_in_venv() -> None:
    """Run the script again with `.venv/bin/python` when it was started outside any environment.

    In an activated environment, or where there is no `.venv` as in the container, the
    running Python is kept. Either way the project's packages can be imported afterwards,
    and `scripts/` itself stands in nobody's way.
    """
    python = ROOT / ".venv" / "bin" / "python"
    if sys.prefix == sys.base_prefix and python.exists():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own interpreter, no shell
    here = str(ROOT / "scripts")
    sys.path[:] = [str(ROOT), *(entry for entry in sys.path if entry not in {str(ROOT), here})]
