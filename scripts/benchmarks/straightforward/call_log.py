"""Ask RingCentral for one call's record, as its quick starts do: one GET, on a connection of its own."""

import os
import time
from typing import Any, Final

import requests
from redis import Redis

TIMEOUT_SECONDS: Final = 30
TOO_MANY: Final = 429
USUAL_WAIT_SECONDS: Final = 60
JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def find(redis: Redis, session: str) -> dict[str, Any] | None:
    """Find the record of a session; None while there is none. After a 429 waits as long as told, and asks again."""
    while True:
        reply = requests.get(
            f"{_server()}/restapi/v1.0/account/~/call-log",
            params={"telephonySessionId": session, "view": "Detailed"},
            headers={"Authorization": f"Bearer {_access_token(redis)}"},
            timeout=TIMEOUT_SECONDS,
        )
        if reply.status_code != TOO_MANY:
            reply.raise_for_status()
            records: list[dict[str, Any]] = reply.json()["records"]
            return records[0] if records else None
        time.sleep(int(reply.headers.get("Retry-After", USUAL_WAIT_SECONDS)))


def _access_token(redis: Redis) -> str:
    """Give the access token kept in Redis, or fetch a new one shortly before it expires."""
    kept = redis.get("access-token")
    if isinstance(kept, bytes):
        return kept.decode()
    reply = requests.post(
        f"{_server()}/restapi/oauth/token",
        auth=(os.environ["RC_APP_CLIENT_ID"], os.environ["RC_APP_CLIENT_SECRET"]),
        data={"grant_type": JWT_GRANT, "assertion": os.environ["RC_USER_JWT"]},
        timeout=TIMEOUT_SECONDS,
    )
    reply.raise_for_status()
    granted = reply.json()
    token: str = granted["access_token"]
    redis.set("access-token", token, ex=granted["expires_in"] - 60)
    return token


def _server() -> str:
    return os.environ["RC_SERVER_URL"]
