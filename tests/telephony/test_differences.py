"""What differs between two revisions of a call, value by value."""

from typing import Any

import msgspec
import pytest

from telephony.call_outcome import MessageRef, RecordingRef
from telephony.differences import Difference, differences
from telephony.events import CallData, decode, encode
from tests.builders.events import an_outcome

DATA = an_outcome().data


def of(**fields: Any) -> tuple[Difference, ...]:
    return differences(DATA, msgspec.structs.replace(DATA, **fields))


def test_a_value_is_told_in_its_place_with_what_it_was_and_what_it_is() -> None:
    first, *others = DATA.legs
    legs = (
        msgspec.structs.replace(first, result="Missed", from_=msgspec.structs.replace(first.from_, name="Noor")),
        *others,
    )

    assert of(duration_seconds=47) == (Difference("durationSeconds", 40, 47),)
    assert of(legs=legs) == (
        Difference("legs[0].result", "Accepted", "Missed"),
        Difference("legs[0].from.name", None, "Noor"),
    )


@pytest.mark.parametrize("data", [DATA, decode(encode(an_outcome())).data], ids=["made", "read back"])
def test_lists_as_long_as_before_are_told_by_what_differs_in_them(data: CallData) -> None:
    after = msgspec.structs.replace(data, extensions=("1",), record_ids=("A1",))

    assert [(one.field, one.after) for one in differences(data, after)] == [("extensions[0]", "1")]


def test_a_list_that_became_longer_is_told_whole() -> None:
    (found,) = of(recordings=(RecordingRef("R1", None, None, None),))

    assert (found.field, found.before) == ("recordings", ())
    assert [one["id"] for one in found.after] == ["R1"]


def test_what_came_or_went_as_a_whole_is_told_whole() -> None:
    voicemail = {"messageId": "7700", "uri": None}
    with_one = msgspec.structs.replace(DATA, voicemail=MessageRef("7700", None))

    assert differences(DATA, with_one) == (Difference("voicemail", None, voicemail),)
    assert differences(with_one, DATA) == (Difference("voicemail", voicemail, None),)


def test_what_is_no_news_is_no_difference() -> None:
    assert of(revision=9, rules_version="9") == ()


def test_where_nothing_was_told_before_every_value_is_news_but_whose_call_it_is_and_what_it_lacks() -> None:
    found = {one.field: one for one in differences(None, DATA)}

    assert (found["outcome"].before, found["outcome"].after) == (None, "answered")
    assert found["confirmed"].after is True
    assert not {"accountId", "recordings", "voicemail", "revision"} & found.keys()
