"""Compare what was published with what the simulator knows to be right. Pure: values in, a verdict out."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

OUTCOME = "legwork.call.outcome"


class Facts(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a call ended: what is compared, whoever says it."""

    direction: str | None = None
    outcome: str | None = None
    caller_status: str | None = None
    callee_status: str | None = None
    caller_outcome: str | None = None
    callee_outcome: str | None = None


COMPARED = Facts.__struct_fields__


class Conversation(Struct, frozen=True):
    """The conversation a call is part of."""

    id: str
    role: str | None = None


class Truth(Facts, frozen=True, kw_only=True, rename="camel"):
    """How a simulated call must be reported, in the words of the simulator; null is left open.

    `agents` says by extension what happened to whom who was rung, `heard` that all of its notifications were taken.
    """

    telephony_session_id: str
    scenario: str
    heard: bool = True
    linked_sessions: tuple[str, ...] | None = None
    conversation: Conversation | None = None
    agents: dict[str, str] | None = None


class Person(Struct, frozen=True, kw_only=True, rename="camel"):
    """One side of a call, as far as a line on the terminal shows it."""

    phone_number: str | None = None
    name: str | None = None
    extension_number: str | None = None


class Agent(Struct, frozen=True, rename="camel"):
    """What happened to one of the account's people."""

    extension_id: str
    status: str


class Data(Facts, frozen=True, kw_only=True, rename="camel"):
    """What a published event says about its call."""

    revision: int
    confirmed: bool
    origin: str | None = None
    from_: Person | None = field(name="from", default=None)
    to: Person | None = None
    end_time: str | None = None
    linked_sessions: tuple[str, ...] = ()
    conversation: Conversation | None = None
    agents: tuple[Agent, ...] = ()


class Event(Struct, frozen=True):
    """A published event, as any consumer may read it."""

    id: str
    type: str
    subject: str
    data: Data


class Verdict(StrEnum):
    """What became of one simulated call."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


class Judgement(Struct, frozen=True):
    """One simulated call: what had to be said of it, and what was."""

    truth: Truth
    said: Data | None
    differing: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Say what became of the call."""
        if self.said is None:
            return Verdict.MISSING
        return Verdict.WRONG if self.differing else Verdict.RIGHT


class Report(Struct, frozen=True):
    """All simulated calls of a run, and the ids that were published more than once."""

    judgements: tuple[Judgement, ...]
    repeated: tuple[str, ...]

    @property
    def all_right(self) -> bool:
        """Say whether every call got its right outcome and nothing was published twice."""
        return not self.repeated and all(one.verdict is Verdict.RIGHT for one in self.judgements)

    def count(self, verdict: Verdict) -> int:
        """Count the calls with this verdict."""
        return sum(one.verdict is verdict for one in self.judgements)


def heard_of(truths: Iterable[Truth]) -> frozenset[str]:
    """Name the calls of which all notifications were taken."""
    return frozenset(one.telephony_session_id for one in truths if one.heard)


def judge(truths: Iterable[Truth], events: Sequence[Event], *, heard: Collection[str] | None = None) -> Report:
    """Hold each call's newest confirmed outcome against the truth, and look for events published twice.

    Where notifications were lost, what only they tell is asked for of the calls that were `heard` alone: who was rung,
    and, if all the others of it were heard too, which sessions are one conversation. The rest is asked for of all.
    """
    newest: dict[str, Data] = {}
    for event in events:
        known = newest.get(event.subject)
        if event.type == OUTCOME and event.data.confirmed and (known is None or known.revision < event.data.revision):
            newest[event.subject] = event.data
    published = Counter(event.id for event in events)
    return Report(
        judgements=tuple(_judge(truth, newest.get(truth.telephony_session_id), heard) for truth in truths),
        repeated=tuple(sorted(event_id for event_id, times in published.items() if times > 1)),
    )


def _judge(truth: Truth, said: Data | None, heard: Collection[str] | None) -> Judgement:
    if said is None:
        return Judgement(truth, said, ())
    return Judgement(truth, said, (*_recorded_otherwise(truth, said), *_told_otherwise(truth, said, heard)))


def _recorded_otherwise(truth: Truth, said: Data) -> Iterator[str]:
    """Name what the call log decides and is said otherwise than the truth has it."""
    return (name for name in COMPARED if getattr(truth, name) != getattr(said, name))


def _told_otherwise(truth: Truth, said: Data, heard: Collection[str] | None) -> Iterator[str]:
    """Name the same of what only notifications tell, but for what the truth leaves open or nobody heard of."""
    own, others = truth.telephony_session_id, truth.linked_sessions or ()
    if heard is not None and own not in heard:
        return
    if truth.agents is not None and truth.agents != {one.extension_id: one.status for one in said.agents}:
        yield "agents"
    if heard is not None and not all(one in heard for one in others):
        return
    if truth.linked_sessions is not None and sorted(others) != sorted(said.linked_sessions):
        yield "linked_sessions"
    if truth.conversation is not None and not _is_in(truth.conversation, said.conversation):
        yield "conversation"


def _is_in(truth: Conversation, said: Conversation | None) -> bool:
    return said is not None and said.id == truth.id and truth.role in {None, said.role}


def render(report: Report, *, numbers: Mapping[str, str]) -> str:
    """Lay out the report: a row for each kind of call, what was wrong, and `numbers` of the run."""
    lines = [f"{'scenario':<34}{'right':>7}{'wrong':>7}{'missing':>9}"]
    for scenario in sorted({one.truth.scenario for one in report.judgements}):
        counts = Counter(one.verdict for one in report.judgements if one.truth.scenario == scenario)
        lines.append(_row(scenario, counts))
    lines.append(_row("all", Counter(one.verdict for one in report.judgements)))
    lines += [_complaint(one) for one in report.judgements if one.verdict is not Verdict.RIGHT]
    lines += [f"published twice: {event_id}" for event_id in report.repeated]
    lines += [f"{name:<34}{value:>23}" for name, value in numbers.items()]
    return "\n".join(lines)


def _row(name: str, counts: Mapping[Verdict, int]) -> str:
    right, wrong, missing = (counts.get(verdict, 0) or "-" for verdict in Verdict)
    return f"{name:<34}{right:>7}{wrong:>7}{missing:>9}"


def _complaint(judgement: Judgement) -> str:
    truth, said = judgement.truth, judgement.said
    if said is None:
        return f"missing: {truth.telephony_session_id} ({truth.scenario}), expected {truth.outcome}"
    differences = "; ".join(
        f"{name} expected {getattr(truth, name)!r}, got {getattr(said, name)!r}" for name in judgement.differing
    )
    return f"wrong: {truth.telephony_session_id} ({truth.scenario}): {differences}"
