"""Gather what tells a RingOut's sessions, and say whose session is whose: the same for the ringout stage and resolve.

Both work from the same evidence by the same pure rules (`telephony.ringout_link`), so neither tells the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys, ledger, links, ringouts
from runtime.bells import Stage
from runtime.leases import Command
from runtime.ringouts import NEVER_PLACED, RingOut
from telephony import ringout_link, ringout_words
from telephony.call_outcome import CallOutcome
from telephony.events import CallData
from telephony.linking import RINGOUT_SECOND_SESSION, Link, link
from telephony.numbers import e164
from telephony.records import CallLogRecord
from telephony.ringout_link import Asked, Linked, Linking, Sighting
from telephony.sessions import Session
from telephony.times import moment_at

AROUND: Final = 300.0
"""Seconds around a RingOut in which others, and sessions, are looked at: more than any rule asks for."""

MOST: Final = 250
"""Sessions looked at before a RingOut, and after it: the nearest, as those are that may be its."""


class Followed(msgspec.Struct, frozen=True):
    """What a session owes to a RingOut: which one, by what evidence, and the other session, if there is one."""

    ringout: RingOut
    linked: Linked
    sessions: tuple[str, ...]

    @property
    def links(self) -> frozenset[Link]:
        """The links of the first session with the others."""
        first, *others = self.sessions
        return frozenset(link(RINGOUT_SECOND_SESSION, first, other) for other in others)

    def told(self, outcome: CallOutcome) -> CallOutcome:
        """Say in the outcome of the session by what it is the RingOut's."""
        live = self.ringout.live if self.sessions[0] == self.linked.telephony_session_id else None
        why = ringout_words.explanations(outcome, self.linked, live)
        return msgspec.structs.replace(outcome, explanation=(*outcome.explanation, *why))


class Belonging(msgspec.Struct, frozen=True):
    """What a session has to do with RingOuts by all that is known now: it is one's, in doubt, or neither.

    `withdrawn` are links of it that hold no more; `outdated` the RingOuts that are over and were linked before we knew.
    """

    followed: Followed | None = None
    doubt: Linked | None = None
    withdrawn: frozenset[Link] = frozenset()
    outdated: tuple[str, ...] = ()

    @property
    def is_second(self) -> bool:
        """Whether it is the second session of a RingOut."""
        return self.followed is not None and self.followed.linked.rule == RINGOUT_SECOND_SESSION

    @property
    def links(self) -> frozenset[Link]:
        """The links that the RingOut gives the session."""
        return self.followed.links if self.followed else frozenset()

    def told(self, outcome: CallOutcome) -> CallOutcome:
        """Say in the outcome of the session by what it is a RingOut's, or why it is none's though it may be."""
        if self.followed is not None:
            return self.followed.told(outcome)
        if self.doubt is None:
            return outcome
        why = ringout_words.doubts(self.doubt)
        return msgspec.structs.replace(outcome, explanation=(*outcome.explanation, *why))

    def takes_back(self, before: CallData | None) -> bool:
        """Say whether the session was told to be a RingOut's, and is not certain to be any more."""
        return self.doubt is not None and before is not None and ringout_words.was_told(before.explanation)

    def commands(self, account: str, *, now: float, retention: float) -> Iterator[Command]:
        """Give the commands that withdraw what was linked on a guess, and have the RingOuts linked anew."""
        yield from links.withdrawn(account, self.withdrawn, now=now, retention=retention)
        for one in self.outdated:
            yield ("ZADD", keys.ringouts_due(account), "LT", f"{now:.3f}", one)
            yield bells.due_at(Stage.RINGOUT, account, now)


NO_RINGOUT: Final = Belonging()


def asked(ringout: RingOut) -> Asked:
    """Give a RingOut as the rules see it."""
    call = ringout.call
    return Asked(
        id=ringout.id,
        placed_at=moment_at(ringout.began_at),
        ringout_id=ringout.ring_out_id,
        caller=e164(call.from_.phone_number) if call else None,
        callee=e164(call.to.phone_number) if call else None,
    )


class Evidence:
    """The RingOuts of some time, and the sessions that may be theirs."""

    def __init__(self, redis: Redis, account: str) -> None:
        self._redis = redis
        self._account = account

    def linkings(self, wanted: Iterable[RingOut]) -> dict[str, Linking]:
        """Say by the id of each of these RingOuts which sessions it has."""
        chosen = {one.id: one for one in wanted if _is_a_call(one)}
        if not chosen:
            return {}
        since, until = _around(one.began_at for one in chosen.values())
        others = [one for one in ringouts.of_time(self._redis, self._account, since, until) if one.id not in chosen]
        named = [one.ring_out_id for one in chosen.values() if one.ring_out_id]  # however long ago they began
        seen = self._seen([one.began_at for one in chosen.values()], named)
        return self._linkings([*chosen.values(), *others], seen, list(chosen))

    def near(self, sightings: Iterable[Sighting]) -> dict[str, list[RingOut]]:
        """Load the RingOuts that each of these sessions may belong to, by the session."""
        times = {one.telephony_session_id: _around([one.started_at.timestamp()]) for one in sightings}
        found = ringouts.around(self._redis, self._account, times) if times else {}
        return {one: [ringout for ringout in some if _is_a_call(ringout)] for one, some in found.items()}

    def belonging(
        self,
        telephony_session_id: str,
        session: Session | None,
        records: Sequence[CallLogRecord],
        known: Iterable[Link],
        near: Sequence[RingOut],
    ) -> Belonging:
        """Say what a session has to do with the RingOuts `near` it, by what is known of it now.

        `known` are its links till now.
        """
        ours = ringout_link.sighting(telephony_session_id, session, records)
        if ours is None or not near:
            return NO_RINGOUT
        seen = self._seen([ours.started_at.timestamp()]) | {telephony_session_id: ours}
        linkings = self._linkings(near, seen, [one.id for one in near])
        followed = next((its for one in near if (its := _followed(one, linkings[one.id], ours))), None)
        return Belonging(
            followed=followed,
            doubt=None
            if followed
            else next((doubt for each in linkings.values() if (doubt := _doubt(each, ours))), None),
            withdrawn=frozenset(
                one
                for one in known
                if one.rule == RINGOUT_SECOND_SESSION
                and telephony_session_id in {one.first, one.then}
                and ringout_link.is_withdrawn(one.first, one.then, linkings.values(), seen.values())
            ),
            outdated=tuple(one.id for one in near if _is_outdated(one, linkings[one.id], ours)),
        )

    def _linkings(
        self, known: Sequence[RingOut], seen: Mapping[str, Sighting], wanted: Sequence[str]
    ) -> dict[str, Linking]:
        every = {one.id: asked(one) for one in known if _is_a_call(one)}
        return {one: ringout_link.linking(every[one], every.values(), seen.values()) for one in wanted}

    def _seen(self, moments: Iterable[float], named: Sequence[str] = ()) -> dict[str, Sighting]:
        """Load the RingOut sessions that began around each of these moments (seconds), and those with these ids."""
        key = keys.ringout_sessions(self._account)
        with self._redis.pipeline(transaction=False) as pipeline:
            for at in moments:
                pipeline.zrange(key, at, at - AROUND, byscore=True, desc=True, offset=0, num=MOST)
                pipeline.zrange(key, at, at + AROUND, byscore=True, offset=0, num=MOST)
            found = cast("list[list[bytes]]", pipeline.execute())
        ids = list(dict.fromkeys([*(member.decode() for members in found for member in members), *named]))
        tracked = ledger.tracked(self._redis, self._account, ids)
        records = ledger.records(self._redis, self._account, ids)
        sightings = (
            ringout_link.sighting(one, tracked[one].session if one in tracked else None, records.get(one, ()))
            for one in ids
        )
        return {one.telephony_session_id: one for one in sightings if one is not None}


def _around(times: Iterable[float]) -> tuple[float, float]:
    every = list(times)
    return min(every) - AROUND, max(every) + AROUND


def _followed(ringout: RingOut, linking: Linking, ours: Sighting) -> Followed | None:
    ids = tuple(one.telephony_session_id for one in linking.sessions)
    if ours.telephony_session_id not in ids:
        return None
    return Followed(ringout, linking.named[ours.telephony_session_id], ids)


def _doubt(linking: Linking, ours: Sighting) -> Linked | None:
    return next((one for one in linking.doubted if one.telephony_session_id == ours.telephony_session_id), None)


def _is_outdated(ringout: RingOut, linking: Linking, ours: Sighting) -> bool:
    """Say whether a RingOut that is over has, by its record, something else to do with the session."""
    named, before = linking.named, ringout.linking.named
    return ringout.is_over and named.get(ours.telephony_session_id) != before.get(ours.telephony_session_id)


def _is_a_call(ringout: RingOut) -> bool:
    """Say whether there may be a call for it."""
    return ringout.placing not in NEVER_PLACED
