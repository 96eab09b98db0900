"""The version of Legwork, for those who are told it. `pyproject.toml` says the same."""

from typing import Final

VERSION: Final = "0.1.0"

USER_AGENT: Final = f"Legwork/{VERSION}"
"""How we name ourselves to whom we send requests."""
