"""Name one side of a call, as people at their own terminal want to read it."""

from telephony.call_outcome import Endpoint


def side(end: Endpoint) -> str | None:
    """Give number and name, as far as they are known; an extension without a number by its own."""
    number = end.phone_number or end.raw_phone_number
    if number is None and end.extension_number:
        number = f"ext. {end.extension_number}"
    return " ".join(part for part in (number, end.name) if part) or None


def way(from_: Endpoint, to: Endpoint) -> str:
    """Say who called whom."""
    return f"{side(from_) or '?'} → {side(to) or '?'}"
