"""The token endpoint."""

from flask import Request

from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box


def grant_token(box: Box, request: Request) -> Reply:
    """Give an access token for client credentials and a JWT."""
    form = request.form
    authorization = request.headers.get("Authorization")
    return Reply(box.tokens.grant(authorization, form.get("grant_type"), form.get("assertion")))
