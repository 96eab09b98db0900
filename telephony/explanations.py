"""Why a value is what it is: the rule and the leg that gave it."""

import msgspec


class Explanation(msgspec.Struct, frozen=True, rename="camel"):
    """One derived value and its reason.

    `field` is the path in the event (`outcome`, `legs[2].role`), `value` its value or the ids of what it lists, `rule`
    a name of docs/reference/outcomes.md, `leg` the index of the leg that decided, if one did. `because` never holds a
    number or a name of anybody.
    """

    field: str
    value: str | int | tuple[str, ...] | None
    rule: str
    leg: int | None
    because: str
