"""Whole calls as RingCentral would post them, from `tests/samples/telephony`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from telephony.notifications import Notification, read
from telephony.times import iso_ms

_SAMPLES = Path(__file__).parent.parent / "samples" / "telephony"


class Call(msgspec.Struct, frozen=True):
    """One call: its notifications in the order of their sequences, as documents."""

    documents: tuple[dict[str, Any], ...]

    @property
    def telephony_session_id(self) -> str:
        """The call's id."""
        text: str = self.documents[0]["body"]["telephonySessionId"]
        return text

    @property
    def began_at(self) -> datetime:
        """When its first notification says it was."""
        return _time(self.documents[0]["body"]["eventTime"])

    def ending_at(self, seconds: float) -> "Call":
        """Give the same call at another time (seconds since 1970), with an id of its own."""
        later = datetime.fromtimestamp(seconds, UTC) - _time(self.documents[-1]["timestamp"])
        core = self.telephony_session_id.removeprefix("s-")
        text = msgspec.json.encode(self.documents).decode().replace(core, f"{core}t{int(seconds * 1000):x}")
        return Call(tuple(_moved(document, later) for document in msgspec.json.decode(text)))

    @property
    def bodies(self) -> list[bytes]:
        """The requests that tell of the call."""
        return [msgspec.json.encode(document) for document in self.documents]

    @property
    def notifications(self) -> list[Notification]:
        """The same, read."""
        read_ones = [item for body in self.bodies for item in read(body)]
        assert all(isinstance(item, Notification) for item in read_ones)
        return [item for item in read_ones if isinstance(item, Notification)]


def _moved(document: dict[str, Any], later: timedelta) -> dict[str, Any]:
    body = document["body"] | {"eventTime": iso_ms(_time(document["body"]["eventTime"]) + later)}
    return document | {"timestamp": iso_ms(_time(document["timestamp"]) + later), "body": body}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _call(name: str) -> Call:
    return Call(tuple(msgspec.json.decode((_SAMPLES / name).read_bytes())))


def ivr_call() -> Call:
    """Give a call from outside through the menu to Mira, who puts it on hold once: eleven notifications.

    The menu's party disconnects, without a reason, while the call goes on.
    """
    return _call("ivr_call.json")


def queue_call() -> Call:
    """Give a call to a queue: two phones ring, Mira takes it, Tom's phone stops."""
    return _call("queue_call.json")


def ringout_call() -> Call:
    """Give a RingOut in which both sides answer."""
    return _call("ringout_call.json")
