"""The calls of `tests/samples/telephony` under ids nobody has seen yet, so that one may be posted many times."""

import secrets

import msgspec

from tests.builders.calls import Call


def renamed(call: Call) -> Call:
    """Give the same call as if it were another one."""
    old = call.telephony_session_id.removeprefix("s-")
    new = f"{old[:4]}{secrets.token_hex(8)}"
    documents = msgspec.json.encode(call.documents).replace(old.encode(), new.encode())
    return Call(tuple(msgspec.json.decode(documents)))
