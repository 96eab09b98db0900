"""What each field of an event promises, in a sentence: the schemas and the page of events both say it with these.

Keys are the struct's name and the field's name as it is in the JSON; an enum or a struct alone is described as a whole.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ENVELOPE: Final = {
    "specversion": "The version of CloudEvents.",
    "id": "The same for the same fact, however often it is computed, sent or replayed: de-duplicate by it.",
    "source": "`/accounts/<accountId>`; `~` stands for an account whose id was never told.",
    "type": "What kind of event this is.",
    "subject": "The telephonySessionId: what all events of one call have in common.",
    "time": "When the call ended.",
    "datacontenttype": "The type of `data`.",
    "data": "The event itself.",
}

_CALL: Final = {
    "accountId": "RingCentral's id of the account; null where it was never told.",
    "telephonySessionId": "RingCentral's id of the call as its notifications have it.",
    "sessionId": "RingCentral's id of the call as its older interfaces have it.",
    "recordIds": "Ids of the call-log records this was derived from; none where there is no record yet.",
    "revision": "0 when the call has ended, 1 and more from the call log. Keep the highest of each call.",
    "confirmed": "Whether the call log has said so; false for what is told from the notifications alone.",
    "trigger": "What made us look at the call.",
    "direction": "`Inbound` or `Outbound`.",
    "type": "`Voice` or `Fax`.",
    "origin": "Where the call came from, as the notifications have it: `Call`, `RingOut`, …",
    "outcome": "How the call ended, in one of our words.",
    "result": "The record's `result`, verbatim.",
    "reason": "The record's `reason`, verbatim; without a record the last one of a party, which has other words.",
    "action": "The record's `action`, verbatim.",
    "callerStatus": "RingOut: `result` of the leg to the caller, verbatim; null when there is no such leg.",
    "calleeStatus": "RingOut: `result` of the leg to the callee, verbatim; null when there is no such leg.",
    "callerOutcome": "The same in our words; null when the call is no RingOut, or no record of it is there yet.",
    "calleeOutcome": "The same in our words; `not_attempted` where RingCentral never called the callee.",
    "from": "Who called, by the record; what it leaves open is as the notifications had it.",
    "to": "Who was called, by the same.",
    "startTime": "When the call began.",
    "answerTime": "When it was answered, as heard, else when the phone began to ring; null when it was not.",
    "endTime": "When it ended.",
    "durationSeconds": "How long it lasted, in whole seconds, ringing included.",
    "extensions": "Ids of the account's extensions that took part.",
    "legs": "The legs of the call's records.",
    "recordings": "Recordings. They may come later, with a revision of their own.",
    "voicemail": "The message the caller left.",
    "fax": "The fax.",
    "billing": "What the call cost, by the record that speaks for it or the next one that says so. Never a sum.",
    "transfer": "The calls at both ends of a warm transfer.",
    "linkedSessions": "telephonySessionIds of the other calls of the same conversation.",
    "conversation": "The conversation this call is part of.",
    "agents": "What happened to each of the account's people who were rung.",
    "changed": "Revision 2 and later: the fields that differ from the revision before.",
    "explanation": "Which rule and which leg gave each derived value.",
    "rulesVersion": "The version of the rules that decided.",
    "timing": "When we learned what.",
}

_END: Final = {
    "phoneNumber": "In E.164; null when it cannot be told.",
    "rawPhoneNumber": "As RingCentral wrote it.",
    "name": "The name RingCentral gave.",
    "extensionId": "Id of the extension, when this is one of the account's.",
    "extensionNumber": "Its short number.",
}

_LEG: Final = {
    "index": "What explanations call this leg: from 0.",
    "legType": "RingCentral's word for the kind of leg, verbatim.",
    "role": "Whose part of the call it is, in our words.",
    "status": "What became of it, in our words.",
    "result": "RingCentral's `result`, verbatim.",
    "reason": "RingCentral's `reason`, verbatim.",
    "action": "RingCentral's `action`, verbatim.",
    "direction": "`Inbound` or `Outbound`.",
    "from": "Who called.",
    "to": "Who was called.",
    "extensionId": "Id of the extension the leg belongs to.",
    "startTime": "When it began.",
    "durationSeconds": "How long it lasted, in whole seconds.",
    "master": "Whether RingCentral calls it the master leg.",
}

_LIVE: Final = {
    "accountId": _CALL["accountId"],
    "telephonySessionId": _CALL["telephonySessionId"],
    "sessionId": _CALL["sessionId"],
    "origin": _CALL["origin"],
    "direction": _CALL["direction"],
    "startTime": _CALL["startTime"],
    "extensions": "Ids of the account's extensions that are in the call.",
    "parties": "Everybody in the call, with the state each was last told in; empty in news of a RingOut.",
    "ringout": "The live status of the RingOut, when this is news of it; null otherwise.",
}

_LIVE_RINGOUT: Final = {
    "id": "Our id of the RingOut, as in `/api/v1/ringouts`.",
    "ringOutId": "RingCentral's id of it; null while it is not known.",
    "callStatus": "RingCentral's word for the whole, verbatim.",
    "callerStatus": "RingCentral's word for who is rung first, verbatim.",
    "calleeStatus": "RingCentral's word for who is called, verbatim.",
    "over": "Why there is no more of the live status; null while there is. It never says how the call ended.",
}

_PARTY: Final = {
    "id": "RingCentral's id of the party.",
    "extensionId": "Id of the extension, when this is one of the account's.",
    "direction": "`Inbound` or `Outbound`, as seen from this party.",
    "code": "RingCentral's state of the party, verbatim: `Setup`, `Proceeding`, `Answered`, `Disconnected`, …",
    "reason": "RingCentral's reason for it, verbatim.",
    "from": "Who called.",
    "to": "Who was called.",
    "missed": "Whether RingCentral says that this party missed the call.",
    "queue": "Whether RingCentral marks the call as a queue's: it does for whom the queue rings, not for the queue.",
}

_STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "CallEvent": _ENVELOPE,
    "LiveEvent": _ENVELOPE
    | {
        "subject": "The telephonySessionId; for a RingOut whose session is not known yet, the RingOut's id.",
        "id": "The same for the same news; not the id of an ended or outcome event.",
        "time": "When the state changed.",
    },
    "TrialEvent": _ENVELOPE
    | {
        "source": "`/destinations/<id>`.",
        "subject": "The destination's id.",
        "time": "When the test was asked for.",
    },
    "OperatorEvent": _ENVELOPE
    | {
        "source": "`/legwork/<account>`, or `/legwork` where no account is concerned.",
        "subject": "What all events of one alert have in common.",
        "time": "When this was told.",
    },
    "OperatorData": {
        "what": "The alert.",
        "state": "Whether it was raised, has become worse, or is over.",
        "severity": "How soon somebody should look.",
        "account": "The account's name in the settings; null where none is concerned.",
        "about": "What is concerned: the account's name, the destination's id, or the check that Redis fails.",
        "message": "A sentence for whoever reads it.",
        "raisedAt": "When it was raised.",
        "revision": "0 when it was raised, then 1, 2, …: keep the highest of each subject.",
        "details": "What more is known.",
    },
    "Detail": {"name": "What it is.", "value": "What it says."},
    "CallData": _CALL,
    "LiveData": _LIVE,
    "LiveParty": _PARTY,
    "LiveRingOut": _LIVE_RINGOUT,
    "TrialData": {
        "destinationId": "The destination that is being tried.",
        "message": "A sentence for whoever reads it.",
    },
    "Endpoint": _END,
    "LegOutcome": _LEG,
    "RecordingRef": {
        "id": "RingCentral's id of the recording.",
        "type": "`Automatic` or `OnDemand`.",
        "uri": "Where it is described; needs RingCentral's authorization.",
        "contentUri": "Where it can be fetched; needs RingCentral's authorization.",
    },
    "MessageRef": {
        "messageId": "Its id in RingCentral's message store.",
        "uri": "Where it is; needs RingCentral's authorization.",
    },
    "Cost": {
        "costIncluded": "What is covered by the plan; per minute, by RingCentral's reference.",
        "costPurchased": "What is paid on top of it; per minute, by RingCentral's reference.",
    },
    "Transfer": {
        "targetTelephonySessionId": "The call to whom it was transferred.",
        "transfereeTelephonySessionId": "The call of whom was transferred.",
    },
    "Conversation": {
        "id": "The same in all calls of one conversation: the telephonySessionId of the one that began first.",
        "role": "What this call is in it: `only` when there are no others.",
    },
    "Agent": {
        "extensionId": "Id of the person's extension.",
        "name": "The person's name.",
        "status": "What became of ringing them.",
        "ringSeconds": "For how long they were rung, in whole seconds; null where nothing tells.",
        "talkSeconds": "For how long they were in the call, in whole seconds; null when they were not.",
    },
    "Explanation": {
        "field": "The path of the value in `data`: `outcome`, `legs[2].role`.",
        "value": "The value, or the ids of what it lists.",
        "rule": "The rule that gave it, by its name in docs/reference/outcomes.md.",
        "leg": "The index of the leg that decided, if one did.",
        "because": "The rule in a sentence.",
    },
    "Timing": {
        "firstEventAt": "When we first heard of the call.",
        "endedAt": "When it had ended, as far as we heard.",
        "recordSeenAt": "When its record was seen in the call log; null in revision 0.",
        "publishedAt": "When this event was published.",
    },
}

FIELD_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {f"{struct}.{field}": text for struct, fields in _STRUCTS.items() for field, text in fields.items()}
)

SHAPE_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CallData": "How a call ended.",
        "LiveData": "A call that is on.",
        "TrialData": "A test of a destination.",
        "LiveParty": "One party of a call that is on.",
        "LiveRingOut": "The live status of a RingOut; for how it ended see the outcome.",
        "Endpoint": "One end of a call or leg.",
        "LegOutcome": "One leg of the call-log record: RingCentral's words, and ours for them.",
        "RecordingRef": "Where a recording is.",
        "MessageRef": "The voicemail or fax a call left in the message store.",
        "Cost": "What the call cost, as RingCentral bills it.",
        "Transfer": "The calls at both ends of a warm transfer, as far as RingCentral names them.",
        "Conversation": "What a customer would call one conversation, though RingCentral has several calls of it.",
        "Agent": "What happened to one of the account's people who were rung.",
        "Explanation": "One derived value and its reason, which never holds a number or a name of anybody.",
        "Timing": "When we learned what; null where it did not happen.",
        "Outcome": "How a whole call ended.",
        "LegStatus": "What became of one leg.",
        "AgentStatus": "What happened to one of the account's people who were rung.",
        "ConversationRole": "What a call is in its conversation.",
        "LegRole": "Whose part of the call a leg is.",
        "Trigger": "What made us look at a call.",
        "OperatorData": "An alert.",
        "Detail": "One thing more that is known of an alert.",
        "What": "Every alert there is.",
        "Told": "What an event says of its alert.",
        "Severity": "How soon somebody should look.",
    }
)
