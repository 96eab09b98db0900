"""What an answer to a delivery means: whether the event has arrived, is tried again, and who has to mend what.

Pure. One table for statuses, one for what happened instead of an answer.
"""

import errno
import ssl
from collections.abc import Iterator, Mapping
from enum import StrEnum
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from types import MappingProxyType
from typing import Final

import msgspec
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from runtime.deliveries.attempts import Blame
from runtime.deliveries.url_guard import ForbiddenAddress, NoSuchName, Unresolvable
from workers.destinations.signing import BrokenSecret


class Verdict(StrEnum):
    """What becomes of the event: it has arrived; is tried again; is not; or its endpoint is there no more."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    GONE = "gone"


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What came of one attempt. `status` without DELIVERED and with `error`: the answer began, and was cut short.

    `blame` is None for what was delivered. `seconds` is how long it took, `excerpt` how the answer's body begins, and
    `retry_after` what it asks us to wait, in seconds.
    """

    verdict: Verdict
    blame: Blame | None = None
    status: int | None = None
    seconds: float
    excerpt: str = ""
    retry_after: float | None = None
    error: str | None = None


Judgement = tuple[Verdict, Blame | None]

_T: Final = Verdict.TEMPORARY

BY_STATUS: Final[Mapping[int, Judgement]] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: (_T, Blame.CONFIGURATION),
        HTTPStatus.FORBIDDEN: (_T, Blame.CONFIGURATION),
        HTTPStatus.NOT_FOUND: (_T, Blame.CONFIGURATION),
        HTTPStatus.METHOD_NOT_ALLOWED: (_T, Blame.CONFIGURATION),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (_T, Blame.CONFIGURATION),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (_T, Blame.CONFIGURATION),
        HTTPStatus.GONE: (Verdict.GONE, Blame.THEIRS),
    }
)
BY_CLASS: Final[Mapping[int, Judgement]] = MappingProxyType(
    {
        2: (Verdict.DELIVERED, None),
        3: (_T, Blame.CONFIGURATION),
        4: (_T, Blame.THEIRS),
        5: (_T, Blame.THEIRS),
    }
)
"""What a status means: its own row, or that of its hundreds, or else a temporary failure of theirs.

No refusal but 410 ends an event at once. A 401, a 404 or a redirect is most often a deployment or a setting that is
mended within hours, and a 400 a fault in the receiver: the schedule outlives them, and what it does not outlive is a
dead letter that can be sent again. Redirects are not followed: they would lead past the guard.
"""

_OUR_ERRNOS: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.ENETUNREACH}
)

_Row = tuple[type[BaseException], Verdict, Blame, str]

BY_ERROR: Final[tuple[_Row, ...]] = (
    (ForbiddenAddress, Verdict.PERMANENT, Blame.CONFIGURATION, "nothing is sent there"),
    (NoSuchName, _T, Blame.CONFIGURATION, "no such name"),
    (Unresolvable, _T, Blame.NETWORK, "no address"),
    (BrokenSecret, _T, Blame.OURS, "nothing to sign with"),
    (ssl.SSLCertVerificationError, _T, Blame.CONFIGURATION, "the certificate does not hold"),
    (ssl.SSLError, _T, Blame.NETWORK, "TLS failed"),
    (NewConnectionError, _T, Blame.NETWORK, "no connection"),
    (ConnectTimeoutError, _T, Blame.NETWORK, "connecting took too long"),
    (ReadTimeoutError, _T, Blame.THEIRS, "the answer took too long"),
    (TimeoutError, _T, Blame.THEIRS, "the answer took too long"),
    (ConnectionError, _T, Blame.NETWORK, "the connection broke"),
    (IncompleteRead, _T, Blame.NETWORK, "the answer was cut short"),
    (HTTPException, _T, Blame.THEIRS, "the answer is not HTTP"),
    (ProtocolError, _T, Blame.THEIRS, "the answer is not HTTP"),
    (OSError, _T, Blame.NETWORK, "the network failed"),
    (HTTPError, _T, Blame.THEIRS, "the answer is not HTTP"),
)
"""What happened instead of an answer; the first row that fits the error, or one that it wraps, decides."""

_IN_OUR_WORDS: Final = (ForbiddenAddress, Unresolvable, BrokenSecret)
_UNHEARD_OF: Final[Judgement] = (_T, Blame.THEIRS)
_MOST_TEXT: Final = 300


def judge_status(status: int) -> Judgement:
    """Say what a whole answer with this status means."""
    return BY_STATUS.get(status) or BY_CLASS.get(status // 100, _UNHEARD_OF)


def judge_error(error: BaseException) -> tuple[Verdict, Blame, str]:
    """Say what it means that there is no whole answer, and in words what happened."""
    causes = list(chain(error))
    detail = str(error if isinstance(error, _IN_OUR_WORDS) else causes[-1])[:_MOST_TEXT]
    if any(isinstance(cause, OSError) and cause.errno in _OUR_ERRNOS for cause in causes):
        return _T, Blame.OURS, f"this machine cannot send: {detail}"
    for kind, verdict, blame, what in BY_ERROR:
        if any(isinstance(cause, kind) for cause in causes):
            return verdict, blame, f"{what}: {detail}"
    raise error


def chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it wraps, however requests and urllib3 have wrapped it; what began it is the last."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting += [inner for inner in wrapped if isinstance(inner, BaseException)]
