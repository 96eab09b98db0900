"""Pages of what is kept by account in sorted sets, by when it was asked for: RingOuts, replays."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar, cast

from redis import Redis

T = TypeVar("T")


class NotThere(LookupError):
    """What a page is asked for after is not there (any more): nobody knows where the list was."""


def page(
    redis: Redis,
    accounts: Sequence[str],
    *,
    key: Callable[[str], str],
    load: Callable[[str, str], T | None],
    limit: int,
    after: str | None,
) -> tuple[list[T], str | None]:
    """Give `limit` of these accounts after that one, those asked for last first; and after what there is more.

    `key` names the sorted set of an account, `load` gives one by its account and id. Those whose record is gone are
    passed over. Raises NotThere for an `after` that is gone: were the list to begin anew, whoever reads it page by page
    would be told all of it again.
    """
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.zrange(key(account), 0, -1, withscores=True)
        kept = cast("list[list[tuple[bytes, float]]]", pipeline.execute())
    rows = sorted(
        (
            (score, member.decode(), account)
            for account, its in zip(accounts, kept, strict=True)
            for member, score in its
        ),
        reverse=True,
    )
    begin = next((place for place, (_, one, _) in enumerate(rows, start=1) if one == after), 0)
    if after is not None and not begin:
        raise NotThere(after)
    found = ((one, load(account, one)) for _, one, account in rows[begin:])
    shown = list(islice(((one, record) for one, record in found if record is not None), limit + 1))
    return [record for _, record in shown[:limit]], shown[limit - 1][0] if len(shown) > limit else None
