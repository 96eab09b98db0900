"""What a route takes and answers, said once beside it: the OpenAPI document and the API's page are drawn from it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from web.api.problems import Kind

View = TypeVar("View", bound=Callable[..., Any])

_SAID: Final = "legwork_description"


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `answers` gives the type of each status's body; None is an empty one, a string a media type.

    `problems` are those only this route has. `headers` are request headers it reads, with what they mean.
    """

    summary: str
    parameters: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_required: bool = True
    answers: Mapping[int, Any] = MappingProxyType({})
    problems: tuple[Kind, ...] = ()
    headers: Mapping[str, str] = MappingProxyType({})


def described(summary: str, **more: Any) -> Callable[[View], View]:
    """Say what a view does; `more` are the fields of a Description."""

    def say(view: View) -> View:
        setattr(view, _SAID, Description(summary=summary, **more))
        return view

    return say


def description_of(view: Callable[..., Any]) -> Description | None:
    """Read what is said of a view."""
    said = getattr(view, _SAID, None)
    return said if isinstance(said, Description) else None
