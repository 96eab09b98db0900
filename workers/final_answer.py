"""The final answer to a request, where a server sends interim ones first: http.client passes over 100 alone.

https://www.rfc-editor.org/rfc/rfc9110#section-15.2
"""

from http import client
from typing import Final

_INTERIM: Final = range(100, 200)


class FinalAnswer(client.HTTPResponse):
    """Begins with the final answer: were an interim one taken for it, the next request would be given the final one."""

    def begin(self) -> None:
        """Read to the end of the final answer's headers."""
        super().begin()
        while self.status in _INTERIM:
            self.headers = None  # type: ignore[assignment] # http.client's mark of an answer that has yet to begin
            super().begin()
