"""A front to Flask: notifications are answered before Flask is entered, everything else by Flask.

Finding the route, a request object, a response object and two contexts cost more than the whole work of the webhook
route. The route exists in Flask all the same and gives the same answers: without this front nothing is missing but
speed. docs/adr/0009-notifications-are-answered-in-front-of-flask.md has the figures.
"""

from collections.abc import Callable, Iterable
from typing import Any

from web.answers import BODY
from web.webhook import PATH, Receiver

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Front:
    """A WSGI application: `receiver` for the paths of its accounts, `flask` for all others."""

    def __init__(self, flask: Wsgi, receiver: Receiver) -> None:
        self._flask = flask
        self.receiver = receiver
        self._accounts = {f"{PATH}/{name}" if name else PATH: name for name in receiver.names}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 says."""
        account = self.account_of(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if account is None:
            return self._flask(environ, start_response)
        answer = self.receiver.receive(account, environ)
        start_response(answer.status, list(answer.headers))
        return [BODY]

    def account_of(self, method: str, path: str) -> str | None:
        """Say whose notifications are posted there; None for everything else."""
        return self._accounts.get(path) if method == "POST" else None
