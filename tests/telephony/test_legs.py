import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.legs import ROLE_BY_LEG_TYPE, ROLE_BY_LEG_TYPE_INBOUND, leg_role, unknown_words
from telephony.records import CallLogRecord, ExtensionRef, Leg, Message
from telephony.words import LegRole
from tests.builders.call_log import a_leg, a_record, a_voicemail, an_accept_leg, to_caller

PUBLISHED = [
    "SipForwarding",
    "ServiceMinus2",
    "ServiceMinus3",
    "PstnToSip",
    "Accept",
    "FindMe",
    "FollowMe",
    "TestCall",
    "FaxSent",
    "CallBack",
    "CallingCard",
    "RingDirectly",
    "RingOutWebToSubscriber",
    "RingOutWebToCaller",
    "SipToPstnMetered",
    "RingOutClientToSubscriber",
    "RingOutClientToCaller",
    "RingMe",
    "TransferCall",
    "SipToPstnUnmetered",
    "RingOutDeviceToSubscriber",
    "RingOutDeviceToCaller",
    "RingOutOneLegToCaller",
    "ExtensionToExtension",
    "CallPark",
    "PagingServer",
    "Hunting",
    "OutgoingFreeSpDl",
    "ParkLocation",
    "CallMeCallOut",
    "ConferenceCall",
    "MobileApp",
    "MoveToConference",
    "Unknown",
    "MeetingsCall",
    "SilentMonitoring",
    "Monitoring",
    "Pickup",
    "ImsCall",
    "JoinCall",
    "TextRelay",
    "IvaCall",
    "VoiceChat",
]
SEEN_ELSEWHERE = ["SipToSip", "CallOut", "Transfer"]


def role(leg: Leg, record: CallLogRecord) -> LegRole:
    return leg_role(leg, record=record)[0]


def test_the_published_leg_types_are_43() -> None:
    assert len(set(PUBLISHED)) == 43


@pytest.mark.parametrize("leg_type", PUBLISHED + SEEN_ELSEWHERE)
def test_every_leg_type_has_a_role(leg_type: str) -> None:
    assert leg_type in ROLE_BY_LEG_TYPE


@pytest.mark.parametrize("leg_type", PUBLISHED)
def test_case_does_not_matter(leg_type: str) -> None:
    record = a_record()

    assert role(a_leg(leg_type.lower()), record) is role(a_leg(leg_type), record)


@pytest.mark.parametrize("leg_type", [*ROLE_BY_LEG_TYPE_INBOUND, "sipforwarding"])
def test_a_phone_rung_for_an_inbound_call_is_an_agent_and_for_an_outbound_one_the_callee(leg_type: str) -> None:
    leg = a_leg(leg_type)

    assert role(leg, a_record(None, leg)) is LegRole.AGENT
    assert role(leg, a_record(None, leg, direction="Outbound")) is LegRole.CALLEE


@pytest.mark.parametrize("leg_type", ["FindMe", "FollowMe", "Pickup"])
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_who_is_found_elsewhere_or_picks_a_call_up_is_an_agent(leg_type: str, direction: str) -> None:
    assert role(a_leg(leg_type), a_record(direction=direction)) is LegRole.AGENT


@pytest.mark.parametrize("leg_type", ["TransferCall", "Transfer"])
def test_the_leg_of_a_transfer_is_nobodys_but_the_transfers(leg_type: str) -> None:
    assert role(a_leg(leg_type), a_record()) is LegRole.TRANSFER


def test_the_only_accept_leg_is_the_callers_even_with_an_extension() -> None:
    leg = an_accept_leg(master=None, extension=ExtensionRef(id=60200101))

    assert role(leg, a_record("Accepted", leg)) is LegRole.CALLER


def test_a_further_accept_leg_of_an_extension_is_an_agents() -> None:
    first = an_accept_leg(extension=ExtensionRef(id=60200199))
    second = an_accept_leg(master=None, extension=ExtensionRef(id=60200101))
    record = a_record("Accepted", first, second)

    assert role(first, record) is LegRole.CALLER
    assert role(second, record) is LegRole.AGENT


@pytest.mark.parametrize("action", ["Hunting", "Call Queue"])
def test_an_accept_leg_of_a_queue_is_the_queues(action: str) -> None:
    leg = an_accept_leg(action=action)

    assert role(leg, a_record("Accepted", leg)) is LegRole.QUEUE
    assert role(a_leg(action=action), a_record("Accepted", leg)) is LegRole.AGENT  # a phone that the queue rang


def test_a_leg_that_ended_in_voicemail_is_the_voicemails() -> None:
    by_result, by_message = an_accept_leg("Voicemail"), an_accept_leg("Accepted", message=a_voicemail())

    assert role(by_result, a_record("Voicemail", by_result)) is LegRole.VOICEMAIL
    assert role(by_message, a_record("Accepted", by_message)) is LegRole.VOICEMAIL


def test_a_leg_with_a_fax_is_a_fax_whatever_its_type() -> None:
    by_type, by_message = an_accept_leg("Received", type="Fax"), an_accept_leg(message=Message(type="Fax"))

    assert role(by_type, a_record("Received", by_type)) is LegRole.FAX
    assert role(by_message, a_record("Received", by_message)) is LegRole.FAX


def test_the_legs_of_a_ringout_keep_their_role_whatever_they_ended_in() -> None:
    leg = to_caller("Voicemail", message=a_voicemail())

    assert role(leg, a_record("Voicemail", leg)) is LegRole.CALLER


def test_a_role_that_does_not_follow_from_the_type_names_its_rule() -> None:
    leg = an_accept_leg("Voicemail")

    _, rule = leg_role(leg, record=a_record("Voicemail", leg))

    assert rule is not None
    assert rule.name == "voicemail-leg"


@given(st.text())
def test_a_type_never_seen_is_other_and_never_an_error(leg_type: str) -> None:
    known = {word.casefold() for word in ROLE_BY_LEG_TYPE}
    leg = a_leg(leg_type)

    assert leg_type.casefold() in known or role(leg, a_record("Accepted", leg)) is LegRole.OTHER


def test_words_never_seen_are_listed_once_with_their_field() -> None:
    record = a_record("Beamed Up", a_leg("HologramLeg", "Beamed Up"), a_leg("HologramLeg", "Fizzled"), a_leg())

    assert unknown_words(record) == (("legType", "HologramLeg"), ("result", "Beamed Up"), ("result", "Fizzled"))


def test_known_and_missing_words_are_not_listed() -> None:
    assert unknown_words(a_record(None, a_leg("pstntosip", None), Leg())) == ()
