"""Build the web process's settings and what RingCentral posts to it."""

import json
from collections.abc import Mapping

from runtime import settings
from runtime.settings import Settings

TOKEN = "right-token"
PATH = "/webhooks/ringcentral"
BODY = json.dumps({"uuid": "1", "event": "/restapi/v1.0/account/60200000/telephony/sessions"}).encode()
SIGNED: Mapping[str, str] = {"Verification-Token": TOKEN}


def settings_of(redis_url: str, **variables: str) -> Settings:
    """Read settings as the web process does; without more there is one account, and one token."""
    environ = {"REDIS_URL": redis_url, "RC_VERIFICATION_TOKEN": TOKEN, **variables}
    return settings.load(environ, needs=frozenset({settings.Need.VERIFICATION}))
