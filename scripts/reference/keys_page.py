"""Draw the reference page of Redis keys from the docstrings of their builders, so that the two cannot differ."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from runtime import keys

_SAMPLES: Final = {
    "account": "<account>",
    "telephony_session_id": "<telephonySessionId>",
    "ringout_id": "<RingOut>",
    "digest": "<digest>",
    "extension_id": "<extensionId>",
    "stage": "<stage>",
    "group": "<group>",
    "session_id": "<sessionId>",
    "destination": "<destination>",
    "replay_id": "<replay>",
    "minute": "<minute>",
    "visit": "<visit>",
    "kind": "<kind>",
    "value": "<value>",
}

_HEAD: Final = """# Redis keys

Generated from `runtime/keys.py` by `scripts/generate_docs.py`; do not edit.

`legwork:outcomes`, `legwork:operator` and the `legwork:live` channels are for everybody; the rest is Legwork's own and
may change with any version. Keys of an account carry its name as a hash tag; what lives for ever goes with the account,
once nothing else of it is kept. Times are seconds since 1970 by Redis's clock. RQ keeps its own keys under `rq:`, or
under what its `RQ_KEY_PREFIX`, in the environment of all processes (or in `.env`, for `./scripts/run` and the doctor),
says instead, such as `legwork:rq`; [users.acl](../ops/acl/users.acl) names them as well.

| key | what it is, who writes it, how long it lives |
|-|-|
"""


def keys_page() -> str:
    """Draw docs/reference/keys.md."""
    rows = sorted({**dict(_constants()), **dict(_builders())}.items())
    return _HEAD + "".join(f"| `{key}` | {' '.join(text.replace('|', '&#124;').split())} |\n" for key, text in rows)


def _constants() -> Iterator[tuple[str, str]]:
    """Give the fixed keys with the string that stands below each."""
    body = ast.parse(inspect.getsource(keys)).body
    for assigned, below in pairwise(body):
        if isinstance(assigned, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield str(ast.literal_eval(assigned.value)), str(below.value.value)


def _builders() -> Iterator[tuple[str, str]]:
    """Give an example of each key that is built, with its docstring."""
    for _, builder in inspect.getmembers(keys, inspect.isfunction):
        samples = [_SAMPLES[name] for name in inspect.signature(builder).parameters]
        yield builder(*samples), inspect.getdoc(builder) or ""
