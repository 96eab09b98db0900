"""Which addresses are the public internet's, as a table: whatever is in it, or outside of it, no stranger may name.

https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from runtime.setting_values import Network

Address = IPv4Address | IPv6Address

_GLOBAL_V6: Final = IPv6Network("2000::/3")  # what is given out at all; private, local, mapped, NAT64: all outside

_TABLE: Final = (
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "a private network"),
    ("100.64.0.0/10", "a carrier's or a cloud's inner network"),
    ("127.0.0.0/8", "this machine"),
    ("168.63.129.16/32", "a cloud's metadata"),
    ("169.254.0.0/16", "the local link, where clouds keep their metadata"),
    ("172.16.0.0/12", "a private network"),
    ("192.0.0.0/24", "for protocols"),
    ("192.0.2.0/24", "for documentation"),
    ("192.31.196.0/24", "for protocols"),
    ("192.52.193.0/24", "for protocols"),
    ("192.88.99.0/24", "a relay of 6to4"),
    ("192.168.0.0/16", "a private network"),
    ("192.175.48.0/24", "for protocols"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("2001::/23", "for protocols, Teredo among them"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "6to4, which holds another address"),
    ("2620:4f:8000::/48", "for protocols"),
    ("3fff::/20", "for documentation"),
)
FORBIDDEN: Final[tuple[tuple[Network, str], ...]] = tuple((ip_network(text), why) for text, why in _TABLE)
"""Networks that are not the public internet's, and what they are."""


def why_forbidden(address: Address, allow: Sequence[Network] = ()) -> str | None:
    """Say why nothing is sent to `address`; None: it is public, or in one of the networks that the operator allows."""
    if is_in(address, allow):
        return None
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "not an address of the public internet"
    found = next((why for network, why in FORBIDDEN if address in network), None)
    if found is None and not address.is_global:
        return "not an address of the public internet"  # Python knows of one that the table has forgotten
    return found


def is_in(address: Address, networks: Sequence[Network]) -> bool:
    """Whether one of the networks holds the address. An address with a zone is in none."""
    return getattr(address, "scope_id", None) is None and any(address in network for network in networks)


def parsed(text: str) -> Address | None:
    """Read an address in its one plain spelling; None: it is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None
