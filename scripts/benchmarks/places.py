"""Where the project and its Python are."""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PYTHON: Final = sys.executable
PROGRAMS: Final = str(Path(sys.executable).parent)
