"""How RingCentral's webhook bodies are read: everything that can be is a notification, the rest says why not."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.endings import INBOUND, direction
from telephony.notifications import MOST_IN_A_BODY, MOST_PARTIES, Endpoint, Kind, Malformed, Notification, read
from tests.builders.calls import Call, ivr_call, queue_call, ringout_call
from tests.builders.notifications import (
    CALLERS_NUMBER,
    DISCONNECTED,
    MIRA,
    SESSION_ID,
    TOM,
    a_document,
    a_party_document,
    posted,
    second,
)
from tests.builders.sessions import folded


def only(body: bytes) -> Notification:
    """Give the one notification a body holds."""
    (item,) = read(body)
    assert isinstance(item, Notification), item
    return item


def why_not(body: bytes) -> str:
    """Give the reason why a body is no notification."""
    (item,) = read(body)
    assert isinstance(item, Malformed), item
    return item.reason


def with_text(old: str, new: str) -> bytes:
    """Write an ordinary notification and replace a piece of its text, which need not stay JSON."""
    text = posted(a_document()).decode()
    assert old in text
    return text.replace(old, new, 1).encode("utf-8", "surrogatepass")


def test_a_telephony_notification_says_who_was_in_which_state_when() -> None:
    party = a_party_document(3, DISCONNECTED, status={"reason": "NoAnswer"}, extensionId=MIRA, missedCall=True)

    notification = only(posted(a_document(party, sequence=11)))

    assert notification.kind is Kind.TELEPHONY_SESSION
    assert (notification.telephony_session_id, notification.sequence) == (SESSION_ID, 11)
    assert (notification.event_time, notification.origin) == (second(2), "Call")
    (read_one,) = notification.parties
    assert (read_one.code, read_one.reason, read_one.extension_id) == (DISCONNECTED, "NoAnswer", MIRA)
    assert (read_one.missed, read_one.queue) == (True, False)


@pytest.mark.parametrize("call", [ivr_call(), queue_call(), ringout_call()], ids=["ivr", "queue", "ringout"])
def test_whole_calls_are_read_with_all_their_sequences(call: Call) -> None:
    sequences = [notification.sequence for notification in call.notifications]

    assert sequences == list(range(2, 2 + len(call.documents)))


@pytest.mark.parametrize(
    "telephony_session_id",
    [
        "s-a0d17c2b55f1ez19c8b04a6f1z2f3a0910000",
        "s-3f0c1a7719c84aa0b2c91d2e3f4a5b6c",
        base64.b64encode(b"cs171849288443902@10.62.29.33").decode(),
        base64.b64encode(b"cs1@10.62.29.3").decode(),
    ],
    ids=["today", "until 2020", "2018", "2018, padded"],
)
def test_every_shape_an_id_has_had_is_accepted(telephony_session_id: str) -> None:
    notification = only(posted(a_document(telephonySessionId=telephony_session_id)))

    assert notification.telephony_session_id == telephony_session_id


@pytest.mark.parametrize("bad", ["", "a b", "s-\n", "s-\u0000", "s-\u200b", "s-\u65e5", "s" * 201])
def test_an_id_that_could_not_stand_in_a_key_a_log_line_or_a_header_is_none(bad: str) -> None:
    assert why_not(posted(a_document(telephonySessionId=bad))) == "telephonySessionId is not an id"
    assert why_not(posted(a_document(a_party_document(id=bad)))) == "party id is not an id"


def test_the_event_names_the_extension_or_not_and_is_about_a_session_either_way() -> None:
    paths = [
        "/restapi/v1.0/account/60200000/telephony/sessions",
        "/restapi/v1.0/account/60200000/extension/60200101/telephony/sessions",
        "/restapi/v1.0/account/~/telephony/sessions?statusCode=Answered",
    ]

    kinds = {only(posted(a_document() | {"event": path})).kind for path in paths}

    assert kinds == {Kind.TELEPHONY_SESSION}


def test_a_reminder_is_told_from_other_news() -> None:
    reminder = {"event": "/restapi/v1.0/subscription/~?threshold=86400&interval=3600", "body": {"expiresIn": 86_300}}
    presence = {"event": "/restapi/v1.0/account/60200000/extension/60200101/presence", "body": {"sequence": -1}}

    assert only(posted(reminder)).kind is Kind.REMINDER
    assert only(posted(presence)).kind is Kind.OTHER


def test_all_parties_of_one_notification_are_read_and_there_may_be_none() -> None:
    three = only(posted(a_document(*(a_party_document(number) for number in (1, 2, 3)))))
    none = only(posted(a_document(parties=[])))

    assert [party.id[-1] for party in three.parties] == ["1", "2", "3"]
    assert none.parties == ()


def test_words_never_seen_before_stay_as_they_are() -> None:
    party = a_party_document(code="Levitating", status={"reason": "Magic"})

    notification = only(posted(a_document(party, origin={"type": "Telepathy", "since": 2031})))

    assert notification.origin == "Telepathy"
    assert (notification.parties[0].code, notification.parties[0].reason) == ("Levitating", "Magic")


def test_fields_never_seen_before_are_passed_over_at_every_depth() -> None:
    new: dict[str, Any] = {"new": [{"deep": None}]}
    party = a_party_document(status=new, **new)

    assert only(posted(a_document(party, **new) | new)) == only(posted(a_document()))


def test_what_is_optional_may_be_absent_or_null() -> None:
    party = {
        "id": "p-1",
        "status": {"code": "Setup", "reason": None, "peerId": None},
        "from": None,
        "extensionId": None,
    }
    body = {"telephonySessionId": SESSION_ID, "sequence": 0, "parties": [party], "origin": None}

    notification = only(posted({"event": "/telephony/sessions", "body": body}))

    assert notification.parties[0].from_ == Endpoint()
    assert (notification.event_time, notification.origin) == (None, None)


def test_whatever_is_optional_may_be_null_all_at_once() -> None:
    absent = {"id": "p-1", "status": {"code": "Setup"}}
    end = dict.fromkeys(("phoneNumber", "name", "extensionId"))
    peer = dict.fromkeys(("telephonySessionId", "sessionId", "partyId"))
    null = dict.fromkeys(("direction", "extensionId", "accountId", "missedCall", "queueCall", "to"))
    null |= {"id": "p-1", "status": {"code": "Setup", "reason": None, "peerId": peer}, "from": end}
    body = {"telephonySessionId": SESSION_ID, "sequence": 2}

    read_absent = only(posted({"event": "/telephony/sessions", "body": {**body, "parties": [absent]}}))
    told = {**body, "parties": [null], "sessionId": None, "eventTime": None, "origin": {"type": None}}
    envelope = dict.fromkeys(("uuid", "subscriptionId", "timestamp"))

    assert only(posted({"event": "/telephony/sessions", **envelope, "body": told})) == read_absent


def test_a_party_of_which_nothing_is_told_is_no_party() -> None:
    (item,) = read(posted(a_document({"id": "p-1", "status": {"reason": "Pickup"}})))

    assert isinstance(item, Malformed)


def test_ids_written_as_numbers_are_text_like_all_others() -> None:
    party = a_party_document(extensionId=60200101, accountId=60200000, to={"extensionId": 60200102})

    notification = only(posted(a_document(party, sessionId=81264402011)))

    assert notification.session_id == "81264402011"
    assert (notification.parties[0].extension_id, notification.parties[0].to.extension_id) == (MIRA, TOM)


def test_an_empty_id_is_none_so_that_whoever_has_it_is_nobody_of_ours() -> None:
    caller = a_party_document(1, extensionId="", accountId="", to={"extensionId": ""})

    notification = only(posted(a_document(caller, sessionId="")))

    party = notification.parties[0]
    assert (party.extension_id, party.account_id, party.to.extension_id, notification.session_id) == (None,) * 4
    assert direction(folded(notification)) == INBOUND


def test_a_party_that_went_on_elsewhere_names_the_session() -> None:
    gone = a_party_document(2, "Gone", status={"peerId": {"telephonySessionId": "s-other", "partyId": "p-other-1"}})

    notification = only(posted(a_document(gone)))

    assert notification.parties[0].peer == "s-other"


@pytest.mark.parametrize("text", ["2026-03-02T09:00:02.000+00:00", "2026-03-02T10:00:02+01:00", "2026-03-02T09:00:02"])
def test_times_of_every_form_are_utc(text: str) -> None:
    assert only(posted(a_document(eventTime=text))).event_time == second(2)


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_leaves_the_time_of_sending(text: str) -> None:
    assert only(posted(a_document(eventTime=text))).event_time == second(2.062)


def test_an_array_of_more_than_anybody_posts_is_not_taken_apart() -> None:
    assert why_not(b"[" + b"{}," * MOST_IN_A_BODY + b"{}]") == f"an array of {MOST_IN_A_BODY + 1} elements"


def test_a_call_of_more_parties_than_anybody_has_is_none() -> None:
    parties = [a_party_document(number) for number in range(MOST_PARTIES + 1)]

    assert why_not(posted(a_document(*parties))) == f"{MOST_PARTIES + 1} parties"


@pytest.mark.parametrize("field", ["to", "from"])
def test_nobody_has_a_name_of_more_than_a_thousand_characters(field: str) -> None:
    def named(name: str) -> bytes:
        fields: dict[str, Any] = {field: {"name": name}}
        return posted(a_document(a_party_document(1, **fields)))

    assert isinstance(only(named("x" * 1000)), Notification)
    assert why_not(named("x" * 1001)) == f"Expected `str` of length <= 1000 - at `$.parties[0].{field}.name`"


@pytest.mark.parametrize(("number", "read_as"), [(2**63 - 1, str(2**63 - 1)), (10**1000, None)])
def test_an_id_of_thousands_of_digits_is_none(number: int, read_as: str | None) -> None:
    notification = only(posted(a_document(a_party_document(1, extensionId=number))))

    assert notification.parties[0].extension_id == read_as


def test_an_array_is_read_element_by_element_so_that_a_bad_one_harms_no_other() -> None:
    good, second_one, third = read(posted([a_document(), {"event": 1}, a_document(sequence=3)]))

    assert isinstance(good, Notification)
    assert isinstance(second_one, Malformed)
    assert isinstance(third, Notification)


@pytest.mark.parametrize(
    ("sequence", "why"),
    [
        ("true", "Expected `int`, got `bool`"),
        ("2.5", "Expected `int`, got `float`"),
        ("2.0", "Expected `int`, got `float`"),
        ("1e400", "Number out of range"),
        ('"2"', "Expected `int`, got `str`"),
        ("null", "Expected `int`, got `null`"),
        ("-1", "Expected `int` >= 0"),
        (str(2**63), "Expected `int` <= 9223372036854775807"),
        ("9" * 5000, "Integer value out of range"),
        ("NaN", "JSON is malformed"),
        ("Infinity", "JSON is malformed"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_sequence_is_a_whole_number_that_fits_into_64_bits(sequence: str, why: str) -> None:
    assert why in why_not(with_text('"sequence":2', f'"sequence":{sequence}'))


@pytest.mark.parametrize(
    "missing", ["telephonySessionId", "sequence", "parties"], ids=["session id", "sequence", "parties"]
)
def test_what_a_session_cannot_be_without_is_named(missing: str) -> None:
    document = a_document()
    del document["body"][missing]

    assert f"missing required field `{missing}`" in why_not(posted(document))


def test_a_party_without_an_id_or_a_state_is_none() -> None:
    assert "missing required field `id`" in why_not(posted(a_document({"status": {"code": "Setup"}})))
    assert "missing required field `status`" in why_not(posted(a_document({"id": "p-1"})))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"null",
        b"42",
        b'"/telephony/sessions"',
        b"{}",
        b"[]",
        b"\xef\xbb\xbf" + posted(a_document()),
        posted(a_document()).decode().encode("utf-16"),
        posted(a_document())[:-1],
        posted(a_document())[:100],
        posted(a_document()) + b"{}",
        b"[" * 100_000,
        b'{"event":' * 100_000,
        with_text('"s-', '"s-\\ud800'),
        with_text('"p-', '"p-\ud800'),
        with_text('"Setup"', '"Setup","peerId":{"telephonySessionId":"s-\\ud800"}'),
        with_text('"Setup"', '"Set\x00up"'),
        with_text('"Setup"', '"Set\xffup"')[:-1],
        b"<html>Bad gateway</html>",
        b"\x80\x03]q\x00.",
    ],
    ids=[
        *(
            "empty",
            "blank",
            "null",
            "number",
            "string",
            "no event",
            "empty array",
            "BOM",
            "UTF-16",
            "cut",
            "cut early",
            "two at once",
        ),
        *(
            "deep arrays",
            "deep objects",
            "broken session id",
            "broken party id",
            "broken peer",
            "NUL",
            "cut after Latin-1",
            "HTML",
        ),
        "pickle",
    ],
)
def test_what_is_no_notification_says_why_in_one_line(body: bytes) -> None:
    reason = why_not(body)

    assert reason
    assert "\n" not in reason
    assert len(reason) <= 200


@pytest.mark.parametrize("broken", [b"\\ud83d", b"\xed\xa0\xbd", b"\xe9"], ids=["cut emoji", "encoded", "Latin-1"])
def test_a_broken_character_in_a_name_costs_no_notification(broken: bytes) -> None:
    whole = posted(a_document(a_party_document() | {"from": {"phoneNumber": CALLERS_NUMBER, "name": "Noor_Vale"}}))

    notification = only(whole.replace(b"_", broken))

    assert (notification.telephony_session_id, notification.sequence) == (SESSION_ID, 2)
    assert notification.parties[0].from_.phone_number == CALLERS_NUMBER
    assert (notification.parties[0].from_.name or "").strip("?\ufffd") != "Noor_Vale"


def test_no_depth_of_a_field_nobody_reads_exhausts_the_stack() -> None:
    deep = '"serverId":' + "[" * 50_000 + "]" * 50_000

    assert "recursion" in why_not(with_text('"serverId":"10.20.30.40.LGW"', deep))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=15,
)


def nearly(document: Any) -> st.SearchStrategy[Any]:
    """Give the document with anything at all in the place of any of its values, or without some of its keys."""
    if isinstance(document, dict):
        fields = {key: nearly(value) for key, value in document.items()}
        whole: st.SearchStrategy[Any] = st.fixed_dictionaries(fields)
        return st.one_of(whole, whole, st.fixed_dictionaries({}, optional=fields), JSON)
    if isinstance(document, list):
        return st.one_of(st.lists(nearly(document[0]), max_size=3), JSON)
    return st.one_of(st.just(document), st.just(document), JSON)


def as_told(items: tuple[Notification | Malformed, ...]) -> bool:
    """Say whether everything read is a notification, or says why not; and whether anything was."""
    return bool(items) and all(isinstance(item, Notification) or bool(item.reason) for item in items)


@given(st.binary())
def test_no_bytes_whatever_raise(body: bytes) -> None:
    assert as_told(read(body))


@given(JSON | nearly(a_document()) | st.lists(nearly(a_document()), max_size=3))
def test_no_json_whatever_raises(document: Any) -> None:
    body = msgspec.json.encode(document)

    assert as_told(read(body))


@given(st.data())
def test_no_damage_to_a_good_body_raises(data: st.DataObject) -> None:
    body = bytearray(posted(a_document()))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    assert as_told(read(bytes(body)))
