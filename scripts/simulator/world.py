"""The simulated company: its account, people and numbers, and the outside callers."""

import random
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

ACCOUNT_ID = "400131426008"
OWNER_ID = "400131426008"
CLIENT_ID = "simulated-client-id"
CLIENT_SECRET = "simulated-client-secret"  # noqa: S105 - opens nothing but this simulator
USER_JWT = "simulated-jwt"


class Endpoint(Struct, frozen=True, kw_only=True):
    """One end of a call. Outside people have no extension; inside people always have one."""

    phone_number: str
    name: str | None = None
    location: str | None = None
    extension_id: str | None = None
    extension_number: str | None = None


class Role(StrEnum):
    """Who somebody is in a scenario's table, whoever plays the part in a given call."""

    OUTSIDER = "outsider"  # a person outside the company
    COMPANY = "company"  # the company's main number
    IVR = "ivr"
    QUEUE = "queue"
    AGENT = "agent"  # the company's person the call is about
    COLLEAGUE = "colleague"  # another of the company's people
    THIRD = "third"
    FOURTH = "fourth"
    FIFTH = "fifth"
    OTHER_QUEUE = "other queue"
    PARK = "park"
    CONFERENCE = "conference"


Cast: TypeAlias = dict[Role, Endpoint]

MAIN_NUMBER = "+16505550100"
COMPANY = Endpoint(phone_number=MAIN_NUMBER)
IVR = Endpoint(phone_number=MAIN_NUMBER, name="IVR Menu 1001", extension_id="400131426020", extension_number="1001")
QUEUE = Endpoint(phone_number="+16505550109", name="Sales queue", extension_id="400131426030", extension_number="300")
OTHER_QUEUE = Endpoint(
    phone_number="+16505550110", name="Support queue", extension_id="400131426031", extension_number="301"
)
CONFERENCE = Endpoint(phone_number="conference", name="Conference")
PARK = Endpoint(phone_number="*801", name="Park 801", extension_id="400131426040", extension_number="801")
AGENTS = tuple(
    Endpoint(
        phone_number=f"+165055501{number}",
        name=name,
        extension_id=f"4001314261{number}",
        extension_number=f"1{number}",
    )
    for number, name in (
        ("01", "Ada Ashton"),
        ("02", "Ben Brook"),
        ("03", "Cleo Carver"),
        ("04", "Dan Dale"),
        ("05", "Eve Ellis"),
        ("06", "Finn Frost"),
        ("07", "Gia Grant"),
        ("08", "Hal Hurst"),
    )
)
OWNER = Endpoint(phone_number=MAIN_NUMBER, name="Olivia Owner", extension_id=OWNER_ID, extension_number="100")
EXTENSIONS: Mapping[str, Endpoint] = MappingProxyType(
    {str(one.extension_id): one for one in (OWNER, IVR, QUEUE, OTHER_QUEUE, PARK, *AGENTS)}
)

_TOWNS = (("212", "New York, NY"), ("303", "Denver, CO"), ("415", "San Francisco, CA"), ("720", "Boulder, CO"))
_NAMES = ("WIRELESS CALLER", "Ivy Ingram", "Jon Jarvis", "Kim Knight", "Lea Lowe", None)

NAMES = (*(str(one.name) for one in (OWNER, *AGENTS)), *filter(None, _NAMES))


def choose_cast(rng: random.Random) -> Cast:
    """Give every role to somebody, the same for the same state of `rng`."""
    agent, colleague, third, fourth, fifth = rng.sample(AGENTS, 5)
    area, town = rng.choice(_TOWNS)
    outsider = Endpoint(phone_number=f"+1{area}55501{rng.randrange(100):02}", name=rng.choice(_NAMES), location=town)
    return {
        Role.OUTSIDER: outsider,
        Role.COMPANY: COMPANY,
        Role.IVR: IVR,
        Role.QUEUE: QUEUE,
        Role.AGENT: agent,
        Role.COLLEAGUE: colleague,
        Role.THIRD: third,
        Role.FOURTH: fourth,
        Role.FIFTH: fifth,
        Role.OTHER_QUEUE: OTHER_QUEUE,
        Role.CONFERENCE: CONFERENCE,
        Role.PARK: PARK,
    }
