"""The request the webhook route is measured with: a notification as RingCentral posts it."""

from typing import Final

import msgspec

from scripts.benchmarks.installation import VERIFICATION_TOKEN

PATH: Final = "/webhooks/ringcentral"


def request(address: tuple[str, int]) -> bytes:
    """Write a request as RingCentral posts it: two parties of a call, 1.2 kB."""
    parties = [
        {
            "accountId": "60200000",
            "extensionId": f"6020010{number}",
            "id": f"p-a0d17c2b55f1ez19c8b04a6f1z2f3a0110000-{number}",
            "direction": ("Inbound", "Outbound")[number - 1],
            "to": {"phoneNumber": "+16505550101", "name": "Mira Example", "extensionId": "60200101"},
            "from": {"phoneNumber": "+12125550111", "name": "Some Caller"},
            "status": {
                "code": "Proceeding",
                "rcc": False,
                "peerId": {"sessionId": "s-a0d17c2b", "partyId": "p-a0d17c2b"},
            },
            "missedCall": False,
            "standAlone": False,
            "muted": False,
        }
        for number in (1, 2)
    ]
    body = msgspec.json.encode(
        {
            "uuid": "9517837749926490849",
            "event": "/restapi/v1.0/account/60200000/telephony/sessions",
            "timestamp": "2026-03-02T09:00:01.003Z",
            "subscriptionId": "2a1f5b1c-0d7e-4a60-93ab-8a31e9d35c01",
            "ownerId": "60200101",
            "body": {
                "sequence": 3,
                "sessionId": "60000555001",
                "telephonySessionId": "s-a0d17c2b55f1ez19c8b04a6f1z2f3a0110000",
                "serverId": "10.13.116.50#TAM#REQUEST",
                "eventTime": "2026-03-02T09:00:00.948Z",
                "origin": {"type": "Call"},
                "parties": parties,
            },
        }
    )
    return posted(address, PATH, body)


def posted(address: tuple[str, int], path: str, body: bytes) -> bytes:
    """Write a request that posts `body` as RingCentral does."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUser-Agent: RingCentral-Webhook/8.3\r\n"
        f"Accept: application/json\r\nVerification-Token: {VERIFICATION_TOKEN}\r\n"
        f"Content-Type: application/json; charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
