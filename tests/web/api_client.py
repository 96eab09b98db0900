"""Ask the API as a program does, over WSGI."""

from typing import Any

import msgspec
from flask import Flask
from redis import Redis

from runtime.setting_values import networks
from runtime.settings import Account, Scope, Settings
from web.create_app import create_app

ADMIN = "t0ken-of-the-admin"
PUBLIC = "https://93.184.215.14/hook"
"""An address of the public internet, so that no name is looked up."""


class Client:
    """Asks with the right token, unless told otherwise."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Send one request; `body` as JSON, bytes as they are. Gives a TestResponse, whose `json` may be anything."""
        headers = {"Authorization": f"Bearer {ADMIN}"} | more.pop("headers", {})
        if body is not None:
            more["data"] = body if isinstance(body, bytes) else msgspec.json.encode(body)
            more.setdefault("content_type", "application/json")
        return self._client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def add(self, **fields: object) -> dict[str, Any]:
        """Add a destination."""
        answer = self.ask("POST", "/destinations", {"url": PUBLIC} | fields)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made


def an_app(
    redis: Redis,
    *,
    admin_token: str | None = ADMIN,
    allow: str = "",
    keys: tuple[str, ...] = (),
    account: str = "default",
) -> Flask:
    """Make the web process's app."""
    only = Account(account, "https://platform.example", Scope.ACCOUNT, None, ("verification",))
    settings = Settings(
        redis_url="",
        accounts=(only,),
        admin_token=admin_token,
        allow_private_destinations=networks(allow),
        secrets_keys=keys,
    )
    return create_app(settings, redis)
