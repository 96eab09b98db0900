"""The least a notification and a call-log record must look like, written from RingCentral's reference."""

from typing import Any

from jsonschema import Draft202012Validator

TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TEXT = {"type": "string", "minLength": 1}
DIRECTION = {"enum": ["Inbound", "Outbound"]}
NUMBER = {"type": "string", "pattern": r"^(\+1\d{3}55501\d\d|\*\d{3}|conference)$"}


def an_object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


PARTY_END = an_object({"phoneNumber": NUMBER}, {"name": TEXT, "extensionId": TEXT})
PEER = an_object({"sessionId": TEXT, "telephonySessionId": TEXT, "partyId": TEXT})
CODES = ["Setup", "Proceeding", "Answered", "Disconnected", "Gone", "Parked", "Hold", "VoiceMail", "FaxReceive"]
REASONS = [
    *("AgentAnswered", "AttendedTransfer", "BlindTransfer", "CallPark", "Cancelled"),
    *("InternalError", "InvalidNumber", "NoAnswer", "NotEnoughFunds", "Pickup", "Rejected", "TargetBusy"),
    *("CallFlip", "CallSwitch", "Conference", "Supervising"),
]
STATUS = an_object(
    {"code": {"enum": CODES}, "rcc": {"const": False}}, {"reason": {"enum": REASONS}, "parkData": TEXT, "peerId": PEER}
)
SCREEN_LINE = an_object({"type": {"enum": ["QueueName", "CallerIdName"]}, "value": TEXT})
PARTY = an_object(
    {
        "accountId": TEXT,
        "id": {"type": "string", "pattern": r"^p-[0-9a-z]+-\d+$"},
        "direction": DIRECTION,
        "to": PARTY_END,
        "from": PARTY_END,
        "status": STATUS,
        "park": {"type": "object"},
        "missedCall": {"type": "boolean"},
        "standAlone": {"type": "boolean"},
        "muted": {"type": "boolean"},
    },
    {
        "extensionId": TEXT,
        "queueCall": {"const": True},
        "uiCallInfo": an_object({"primary": SCREEN_LINE, "additional": SCREEN_LINE}),
    },
)
BODY = an_object(
    {
        "sequence": {"type": "integer", "minimum": 2},
        "sessionId": {"type": "string", "pattern": r"^\d+$"},
        "telephonySessionId": {"type": "string", "pattern": r"^s-[0-9a-z]+$"},
        "serverId": TEXT,
        "eventTime": TIME,
        "parties": {"type": "array", "minItems": 1, "items": PARTY},
        "origin": an_object({"type": {"enum": ["Call", "Conference", "RingOut"]}}),
    }
)
NOTIFICATION = Draft202012Validator(
    an_object(
        {
            "uuid": {"type": "string", "pattern": r"^\d{19}$"},
            "event": {"type": "string", "pattern": r"^/restapi/v1\.0/account/\d+(/extension/\d+)?/telephony/sessions$"},
            "timestamp": TIME,
            "subscriptionId": TEXT,
            "ownerId": TEXT,
            "body": BODY,
        }
    )
)

RECORD_END = an_object(
    {"phoneNumber": NUMBER}, {"name": TEXT, "location": TEXT, "extensionId": TEXT, "extensionNumber": TEXT}
)
EXTENSION = an_object({"id": {"type": "integer"}, "uri": TEXT})
MESSAGE = an_object({"id": TEXT, "type": {"enum": ["VoiceMail", "Fax"]}, "uri": TEXT})
RECORDING = an_object({"id": TEXT, "uri": TEXT, "type": {"enum": ["Automatic", "OnDemand"]}, "contentUri": TEXT})
SESSION_LINK = an_object({"telephonySessionId": TEXT})
RESULTS = [
    *("Accepted", "Call connected", "Missed", "Voicemail", "Hang Up", "Abandoned", "Rejected", "Busy", "No Answer"),
    *("Wrong Number", "No Calling Credit", "Stopped", "IP Phone Offline", "In Progress", "Received", "Sent"),
]
ACTIONS = [
    *("Phone Call", "VoIP Call", "RingOut Web", "RingOut PC", "RingOut Mobile", "Transfer", "Call Park", "Pickup"),
    *("Incoming Fax", "Outgoing Fax", "Conference Call", "Barge In Call"),
]
LEG_TYPES = [
    *("Accept", "PstnToSip", "SipToPstnUnmetered", "ExtensionToExtension", "TransferCall", "CallPark", "Pickup"),
    *("ConferenceCall", "Monitoring"),
    *("FaxSent", "RingOutWebToCaller", "RingOutWebToSubscriber", "RingOutClientToCaller"),
    *("RingOutClientToSubscriber", "RingOutDeviceToCaller", "RingOutDeviceToSubscriber"),
]
ENTRY_REQUIRED = {
    "telephonySessionId": TEXT,
    "startTime": TIME,
    "type": {"enum": ["Voice", "Fax"]},
    "direction": DIRECTION,
    "action": {"enum": ACTIONS},
    "result": {"enum": RESULTS},
    "to": RECORD_END,
    "from": RECORD_END,
    "transport": {"enum": ["PSTN", "VoIP"]},
}
ENTRY_OPTIONAL = {
    "duration": {"type": "integer", "minimum": 0},
    "durationMs": {"type": "integer", "minimum": 0},
    "internalType": {"enum": ["Local", "LongDistance"]},
    "reason": TEXT,
    "extension": EXTENSION,
    "message": MESSAGE,
    "recording": RECORDING,
}
LEG = an_object(
    {**ENTRY_REQUIRED, "legType": {"enum": LEG_TYPES}},
    {**ENTRY_OPTIONAL, "master": {"const": True}, "transferee": SESSION_LINK, "transferTarget": SESSION_LINK},
)
COST = {"type": "number"}
RECORD = Draft202012Validator(
    an_object(
        {
            **ENTRY_REQUIRED,
            "id": TEXT,
            "uri": TEXT,
            "sessionId": TEXT,
            "lastModifiedTime": TIME,
            "billing": an_object({"costIncluded": COST, "costPurchased": COST}),
            "legs": {"type": "array", "minItems": 1, "items": LEG},
        },
        ENTRY_OPTIONAL,
    )
)
