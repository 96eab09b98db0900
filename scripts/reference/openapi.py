"""Draw docs/reference/openapi.json from the web process's own routes."""

from redis import Redis

from runtime.settings import Account, Scope, Settings
from scripts.reference.schemas import Schema, as_text
from web.create_app import create_app
from web.openapi import document


def openapi() -> str:
    """Write the document."""
    return as_text(drawn())


def drawn() -> Schema:
    """Draw the document of a process that serves everything. Nothing is asked of Redis for that."""
    account = Account("default", "https://platform.example", Scope.ACCOUNT, None, ("verification",))
    return document(create_app(Settings(redis_url="", accounts=(account,), admin_token="-"), Redis()))  # noqa: S106 - nobody's
