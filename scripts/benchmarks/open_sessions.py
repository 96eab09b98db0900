"""Make any number of sessions that stay open: the beginnings of a few simulated calls, each under many new ids.

Only a few calls are really dealt, as dealing costs more than what is to be measured.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from scripts.simulator.calls import Dealer
from scripts.simulator.configuration import Configuration
from scripts.simulator.notifications import notification, notification_body
from scripts.simulator.take import Take
from scripts.simulator.world import ACCOUNT_ID, OWNER_ID

TEMPLATES: Final = 24  # one of every kind of call
FINAL_CODES: Final = frozenset({"Disconnected", "Gone"})
FIRST_SEQUENCE: Final = 2
_SEQUENCE: Final = 987654321  # stands for the number that is put in later
_AWAY: Final = ("Hold", "Answered")


class _Template(msgspec.Struct, frozen=True):
    """The beginning of one call: its ids, which will be replaced, and its notifications up to where somebody leaves."""

    core: bytes
    session_id: bytes
    beginning: tuple[bytes, ...]
    news: tuple[bytes, ...]


class OpenSessions:
    """Notifications of sessions that began at `began` (Unix time), by number: the same number is always the same."""

    def __init__(self, began: float) -> None:
        calls = Dealer(Configuration()).deal(TEMPLATES)
        self._templates = [_template(Take(call=call, place=0, started_at=began, speed=1.0)) for call in calls]

    def beginning(self, number: int) -> Iterator[bytes]:
        """Give the bodies that open session `number`."""
        template = self._of(number)
        for sequence, body in enumerate(template.beginning, start=FIRST_SEQUENCE):
            yield _filled(template, body, number, sequence)

    def news(self, number: int, round_: int) -> bytes:
        """Give the body of one more thing that happens in session `number`: somebody is put on hold, or taken back."""
        template = self._of(number)
        sequence = FIRST_SEQUENCE + len(template.beginning) + round_
        return _filled(template, template.news[round_ % len(template.news)], number, sequence)

    def _of(self, number: int) -> _Template:
        return self._templates[number % len(self._templates)]


def _template(take: Take) -> _Template:
    codes = [step.code for step in take.session.steps]
    count = next((number for number, code in enumerate(codes) if code in FINAL_CODES), len(codes)) or 1
    return _Template(
        core=take.ids.telephony_session_id.removeprefix("s-").encode(),
        session_id=take.ids.session_id.encode(),
        beginning=tuple(_body(take, number) for number in range(count)),
        news=tuple(_body(take, count - 1, code) for code in _AWAY),
    )


def _body(take: Take, number: int, code: str | None = None) -> bytes:
    body = notification_body(take, number, ACCOUNT_ID)
    body["sequence"] = _SEQUENCE
    if code is not None:
        body["parties"][0]["status"] = {"code": code, "rcc": False}
    envelope = notification(
        body, account_id=ACCOUNT_ID, subscription_id="benchmark", owner_id=OWNER_ID, uuid="1", now=take.started_at
    )
    return msgspec.json.encode(envelope)


def _filled(template: _Template, body: bytes, number: int, sequence: int) -> bytes:
    """Put the ids of session `number` and a sequence into a body.

    They are as long as the ones they replace, and as random as RingCentral's: zeros could be stored in little room.
    """
    digits = hashlib.blake2b(str(number).encode()).hexdigest()
    core = f"b{digits[: len(template.core) - 1]}".encode()
    session_id = str(int(digits, 16))[: len(template.session_id)].encode()
    ours = body.replace(template.core, core).replace(template.session_id, session_id)
    return ours.replace(str(_SEQUENCE).encode(), str(sequence).encode())
