"""Bodies nobody who means well would send: what a parser may stumble over, by the rows of the fault matrix."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SESSION: Final = (
    b'{"uuid":"u","event":"/restapi/v1.0/account/1/telephony/sessions","timestamp":"2026-01-01T00:00:00Z",'
    b'"body":{"sequence":%s,"telephonySessionId":"s-hostile","parties":[{"id":"p-1","status":{"code":"Setup"}}]}}'
)

BODIES: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "nothing": b"",
        "half of a notification": (_SESSION % b"2")[:120],
        "no JSON": b"<html>hello</html>",
        "a hundred thousand levels deep": b"[" * 100_000,
        "a hundred thousand levels, closed": b"[" * 100_000 + b"]" * 100_000,
        "a quarter of a megabyte of siblings": b"[" + b"{}," * 80_000 + b"{}]",
        "NaN": _SESSION % b"NaN",
        "Infinity": _SESSION % b"-Infinity",
        "1e400": _SESSION % b"1e400",
        "true as a number": _SESSION % b"true",
        "a negative sequence": _SESSION % b"-5",
        "4,301 digits": _SESSION % (b"9" * 4301),
        "2 to the 70th": _SESSION % str(2**70).encode(),
        "a fraction": _SESSION % b"2.5",
        "a text": _SESSION % b'"2"',
        "a NUL": (_SESSION % b"2").replace(b"s-hostile", b"s-\\u0000"),
        "a raw NUL": (_SESSION % b"2").replace(b"s-hostile", b"s-\x00"),
        "a lone surrogate": (_SESSION % b"2").replace(b"s-hostile", b"s-\\ud800"),
        "UTF-16": (_SESSION % b"2").decode().encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + _SESSION % b"2",
        "no UTF-8": (_SESSION % b"2").replace(b"s-hostile", b"s-\xff\xfe"),
        "a key twice": (_SESSION % b"2").replace(b'"sequence":2', b'"sequence":2,"sequence":3'),
        "a list": b"[1, 2, 3]",
        "null": b"null",
        "parties that are a text": (_SESSION % b"2").replace(b'[{"id":"p-1","status":{"code":"Setup"}}]', b'"all"'),
        "a party that is null": (_SESSION % b"2").replace(b'{"id":"p-1","status":{"code":"Setup"}}', b"null"),
        "an id with line ends": (_SESSION % b"2").replace(b"s-hostile", b"s-\\r\\nX: y"),
        "an id of 60 kB": (_SESSION % b"2").replace(b"s-hostile", b"s-" + b"x" * 60_000),
        "an event nobody knows": b'{"uuid":"u","event":"/restapi/v1.0/account/1/moon/phase","body":{}}',
        "several events in one": b"[" + _SESSION % b"2" + b"," + _SESSION % b"3" + b"]",
    }
)
"""None of them is larger than what is accepted, so an authentic sender is answered 200, whatever it holds."""
