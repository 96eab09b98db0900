"""Draw the AsyncAPI document: where events come out, and which.

The payloads are the schemas beside it, so that there is one description of each event.
https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from typing import Final

from runtime import keys
from runtime.version import VERSION
from scripts.reference.schemas import KINDS, OPERATOR_KIND, Schema, as_text
from telephony.events import ENDED, OUTCOME
from telephony.live_events import UPDATED
from telephony.trial import TRIAL

_REDIS: Final = "redis"
_CALL: Final = (ENDED, OUTCOME)
_ALL: Final = (UPDATED, ENDED, OUTCOME)

_PARAMETERS: Final = {
    "account": {"description": "The account's name in the settings; `default` where there is one."},
    "extensionId": {"description": "RingCentral's id of an extension that took part in the call."},
}


def asyncapi() -> str:
    """Write docs/reference/asyncapi.json."""
    return as_text(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Legwork",
                "version": VERSION,
                "description": "How RingCentral phone calls ended. Delivery is at least once; ids never change.",
                "license": {"name": "MIT"},
            },
            "defaultContentType": "application/json",
            "servers": _servers(),
            "channels": _channels(),
            "operations": _operations(),
            "components": {"messages": {kind.name: _message(kind.name, kind.when) for kind in KINDS}},
        }
    )


def _servers() -> Schema:
    return {
        _REDIS: {
            "host": "localhost:6379",
            "protocol": "redis",
            "description": "The Redis of the installation (`REDIS_URL`).",
        },
        "crm": {
            "host": "crm.example",
            "protocol": "https",
            "description": "Your own endpoint, as given when the destination was made.",
        },
    }


def _channels() -> Schema:
    live = "A Pub/Sub channel for whoever watches; what nobody listens to is gone."
    return {
        "outcomes": _channel(
            keys.OUTCOMES,
            "A stream with an entry for each event: `event` (the document), `type`, `subject`, `account`, and of "
            "history that nobody is told of `deliver`, which is `no`. "
            "Kept for RETENTION_SECONDS; read it with a consumer group.",
            _CALL,
        ),
        "live": _channel(keys.LIVE, live, _ALL),
        "liveOfAccount": _channel(keys.live("{account}"), live, _ALL),
        "liveOfExtension": _channel(keys.live("{account}", "{extensionId}"), live, _ALL),
        "operator": _channel(
            keys.OPERATOR, "A stream like that of the outcomes, for whoever runs Legwork.", (OPERATOR_KIND,)
        ),
        "webhook": _webhook(),
    }


def _channel(address: str, description: str, types: tuple[str, ...], *, server: str = _REDIS) -> Schema:
    parameters = {name: text for name, text in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        **({"parameters": parameters} if parameters else {}),
    }


def _webhook() -> Schema:
    """Describe what CRMs are sent: their own address stands in no document of ours, so it has none here."""
    text = "A destination: Standard Webhooks 1.0, in the order of revisions for each call, retried until answered 2xx."
    channel = _channel("", text, (*_CALL, TRIAL, OPERATOR_KIND), server="crm")
    return channel | {"address": None}


def _operations() -> Schema:
    return {
        f"send{name[0].upper()}{name[1:]}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": channel["description"],
            **({"bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}}} if name == "webhook" else {}),
        }
        for name, channel in _channels().items()
    }


def _message(name: str, when: str) -> Schema:
    return {
        "name": name,
        "title": name,
        "summary": when,
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./schemas/{name}.json"},
        },
    }


_HEADERS: Final[Schema] = {
    "type": "object",
    "description": "Of webhooks only.",
    "properties": {
        "webhook-id": {"type": "string", "description": "The event's id: the same however often it is sent."},
        "webhook-timestamp": {"type": "string", "description": "When this attempt was made, in seconds since 1970."},
        "webhook-signature": {
            "type": "string",
            "description": "`v1,` and the HMAC-SHA256 over `id.timestamp.body`; two while a secret is rotated.",
        },
    },
}
