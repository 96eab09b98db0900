"""Read the name of a file that a command writes in the end."""

from argparse import ArgumentTypeError
from pathlib import Path


def to_write(text: str) -> Path:
    """Read a file's name. Raises ArgumentTypeError: that it cannot be written is seen before the work of an hour."""
    file = Path(text)
    try:
        file.touch()
    except OSError as error:
        raise ArgumentTypeError(f"{text} cannot be written: {error.strerror}") from error
    return file
