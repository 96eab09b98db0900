"""Tables as Markdown has them."""

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table; `head` names its columns."""
    names = tuple(head)
    return "".join("| " + " | ".join(row) + " |\n" for row in (names, ("-",) * len(names), *rows))
