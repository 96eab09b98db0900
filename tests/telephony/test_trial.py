"""The event that tries a destination out."""

import msgspec
import pytest

from telephony import events
from telephony.events import encode
from telephony.trial import trial
from tests.builders.notifications import second


def test_a_trial_names_its_destination_and_itself() -> None:
    told = msgspec.json.decode(encode(trial("d-1", "7", now=second(5))))

    assert (told["specversion"], told["type"], told["id"]) == ("1.0", "legwork.destination.test", "d-1/test/7")
    assert told["subject"] == told["data"]["destinationId"] == "d-1"


def test_a_trial_is_never_taken_for_a_call() -> None:
    with pytest.raises(msgspec.MsgspecError):
        events.decode(encode(trial("d-1", "7", now=second(5))))
