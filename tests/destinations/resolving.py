"""A resolver for tests: it knows the names it is told, answers each with the next of its answers, and counts."""

import socket
from collections.abc import Sequence
from typing import Any


class Names:
    """Stands in the place of `socket.getaddrinfo`. The last answer for a name is given for ever."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self._answers = {name.replace("_", "."): [list(answers[name])] for name in answers}
        self.asked: list[str] = []

    def then(self, name: str, *addresses: str) -> "Names":
        """Have the name lead elsewhere the next time."""
        self._answers[name].append(list(addresses))
        return self

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(_family(one), socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
