"""The final answer to a request, and its end: http.client takes interim ones for it, and waits for a body of a 204.

https://www.rfc-editor.org/rfc/rfc9110#section-15.2
https://www.rfc-editor.org/rfc/rfc9112#section-6.3
"""

from http import client
from typing import Final

_INTERIM: Final = range(100, 200)
_BODILESS: Final = frozenset({client.NO_CONTENT, client.NOT_MODIFIED})


class FinalAnswer(client.HTTPResponse):
    """Begins with the final answer: were an interim one taken for it, the next request would be given the final one."""

    def begin(self) -> None:
        """Read to the end of the final answer's headers.

        What they say of a body that cannot be is passed over, with the connection: it may come all the same.
        """
        super().begin()
        while self.status in _INTERIM:
            self.headers = None  # type: ignore[assignment] # http.client's mark of an answer that has yet to begin
            super().begin()
        if self.chunked and self.status in _BODILESS:
            self.chunked, self.will_close = False, True
