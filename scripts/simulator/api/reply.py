"""An answer on its way out: a status, a JSON document, headers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response

CONTENT_TYPE = "application/json;charset=utf-8"


class Reply(msgspec.Struct, frozen=True):
    """What a handler answers. No document gives an empty body."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}

    def response(self, extra: Mapping[str, str]) -> Response:
        """Make it a response, with more headers."""
        body = b"" if self.document is None else msgspec.json.encode(self.document)
        response = Response(body, status=self.status, content_type=CONTENT_TYPE)
        response.headers.extend({**self.headers, **extra})
        return response
