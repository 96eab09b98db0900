"""The handshake with a webhook, before it is subscribed."""

import secrets

from scripts.simulator.posting import OK, Poster, UnreachableError
from scripts.simulator.problems import ApiError


def shake_hands(address: str) -> None:
    """Ask a webhook whether it is ours: it must echo a token, quickly and briefly. Raise ApiError if not.

    The verification token is not sent along: whether RingCentral does is not documented,
    and a webhook that needs it here would be wrong.
    https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks
    """
    challenge = secrets.token_urlsafe(24)
    poster = Poster()
    try:
        reply = poster.post(address, b"", {"Validation-Token": challenge})
    except UnreachableError as fault:
        raise ApiError("webhook_unreachable", str(fault)) from fault
    finally:
        poster.close()
    if reply.status != OK:
        raise ApiError("webhook_status", str(reply.status))
    content_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    echoed = reply.headers.get("validation-token") == challenge
    if not echoed or reply.too_long or content_type != "application/json":
        raise ApiError("webhook_response")
