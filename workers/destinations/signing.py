"""Sign what is sent, by Standard Webhooks 1.0, so that its receiver can tell that it is ours, whole and fresh.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

from runtime.deliveries.destinations import SIGNING_PREFIX

_LENGTHS: Final = range(24, 65)  # what the specification allows


class BrokenSecret(ValueError):
    """What is kept as a destination's secret is none; the text is not repeated."""


def signed_headers(event_id: str, body: bytes, signing_secrets: Sequence[str], *, now: float) -> dict[str, str]:
    """Give the headers that go with `body`: its id, the time, and a signature for every secret valid at `now`.

    While a secret rotates there are two; receivers take a body when one of its signatures is right. Each attempt is
    signed anew, for receivers refuse what is older than five minutes. Raises BrokenSecret: nothing leaves unsigned.
    """
    if not signing_secrets:
        raise BrokenSecret("there is no secret to sign with")
    timestamp = str(int(now))
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, content) for secret in signing_secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    return "v1," + b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    except ValueError:
        key = b""
    if len(key) not in _LENGTHS:
        raise BrokenSecret(f"a secret is {SIGNING_PREFIX} and 24 to 64 bytes in Base64")
    return key
