"""Read what names one thing by its id or by the beginning of it."""

from argparse import ArgumentTypeError


def beginning(text: str) -> str:
    """Read an id or its beginning. Raises ArgumentTypeError for nothing, with which every id begins: `"$ID"` unset."""
    if not text.strip():
        raise ArgumentTypeError("must not be empty")
    return text.strip()
