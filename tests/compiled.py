"""What every app compiles anew, though all apps of a test process have the same: templates, and addresses of routes."""

from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]
Compile = Callable[[Rule, bool], Build]


class Templates(BytecodeCache):
    """Keeps what templates were compiled to."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what the same text was compiled to."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a text was compiled to."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


def once(compile_builder: Compile) -> Compile:
    """Have a rule of the same parts share what builds its address."""
    known: dict[tuple[object, ...], Build] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Build:  # noqa: FBT001, FBT002 - as werkzeug calls it
        parts = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if parts not in known:
            known[parts] = compile_builder(rule, append_unknown)
        return known[parts]

    return compiled
