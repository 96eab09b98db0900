"""The dashboard that people copy from docs/guides/dashboards.md, run on what was told on a channel."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "dashboards.md"


def shown(messages: Iterable[Mapping[str, Any]]) -> list[list[list[str]]]:
    """Give the calls it shows as on after each message, each as the states of its parties."""
    example = GUIDE.read_text().partition("for message in channel.listen():\n")[2].partition("```")[0]
    loop = "for message in messages:\n" + textwrap.indent(textwrap.dedent(example), "    ")
    calls: dict[str, list[str]] = {}
    lists: list[list[list[str]]] = []
    show = lambda *_: lists.append(list(calls.values()))  # noqa: E731 - what stands for print
    exec(loop, {"json": json, "messages": messages, "calls": calls, "print": show})  # noqa: S102 - of our own page
    return lists
