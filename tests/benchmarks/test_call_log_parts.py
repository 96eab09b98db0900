"""The parts of the end-to-end benchmarks that decide what is measured."""

import os
import subprocess
import sys
import time

import pytest

from scripts.benchmarks import cpu, time_scale
from scripts.benchmarks.box_client import SeenRequest
from scripts.benchmarks.figures import Figure, Result, Table, render
from scripts.benchmarks.open_sessions import OpenSessions
from scripts.benchmarks.penalty import Case, judged
from telephony import sessions
from telephony.notifications import Notification, read
from telephony.sessions import Session

BEGAN = 1_790_000_000.0
WORK = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"


def folded(number: int, *, news: int = 0) -> Session:
    """Fold the beginning of an open session, and `news` further notifications."""
    made = OpenSessions(BEGAN)
    session = None
    for body in [*made.beginning(number), *(made.news(number, round_) for round_ in range(news))]:
        (item,) = read(body)
        assert isinstance(item, Notification)
        session = sessions.fold(session, item)
    assert session is not None
    return session


def test_open_sessions_are_open_and_each_is_another_one() -> None:
    made = [folded(number) for number in range(60)]

    assert len({session.id for session in made}) == 60
    assert len({session.session_id for session in made}) == 60
    assert not any(all(party.is_over for party in session.parties) for session in made)
    assert {session.started_at and session.started_at.year for session in made} == {2026}
    assert any(session.is_at_rest for session in made)


def test_every_news_of_an_open_session_changes_it() -> None:
    for number in range(30):
        assert folded(number, news=3) != folded(number, news=2)
        assert folded(number, news=3).id == folded(number).id


def test_waits_that_can_be_told_are_divided_and_retentions_are_not() -> None:
    given = time_scale.settings(4)

    assert given["QUIET_SECONDS"] == "0.75"
    assert given["REREAD_SECONDS"] == "22.5,75,225"
    assert "RETENTION_SECONDS" not in given


def test_a_minute_that_headers_cannot_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        time_scale.minute_seconds(7)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPU is read from /proc")
def test_the_cpu_of_a_session_holds_that_of_children_that_ended() -> None:
    program = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {WORK!r}])\nprint('done', flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()

        spent = cpu.spent({"child": child.pid, "nobody": -1})

        child.communicate(b"\n")
    assert spent["child"] >= 0.1
    assert spent["nobody"] == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CPU is read from /proc")
def test_the_cpu_of_the_machine_holds_ours() -> None:
    worked, idled = cpu.machine()

    assert worked >= time.process_time()
    assert worked + idled >= os.times().user


def a_request(at: float, status: int = 200, *, during: bool = False) -> SeenRequest:
    return SeenRequest(at, "heavy", "/restapi/v1.0/account/~/call-log", status, during)


def test_a_penalty_is_over_when_requests_are_answered_again() -> None:
    seen = judged(Case("seconds", 15), [a_request(100, 429), a_request(117)])

    assert (seen.refused, seen.during, seen.resumed_after) == (1, 0, 2)


def test_a_request_sent_during_a_penalty_is_seen() -> None:
    seen = judged(Case("seconds", 15), [a_request(100, 429), a_request(107, 429, during=True)])

    assert (seen.refused, seen.during, seen.resumed_after) == (2, 1, None)


def test_a_figure_meets_its_goal_only_when_it_was_measured() -> None:
    assert Figure(name="p50", value=4.5, at_most=4.5).is_met
    assert not Figure(name="p50", value=4.6, at_most=4.5).is_met
    assert not Figure(name="p50", value=None, at_most=4.5).is_met
    assert not Figure(name="rate", value=999.0, at_least=1000).is_met


def test_a_result_reads_as_tables() -> None:
    table = Table("Rates", ("lane", "p50 s", "calls"), (("feed", 3.456, 1200), ("list", None, 7)))

    text = render(Result(benchmark="call-log", tables=(table,), figures=(Figure(name="429s", value=1.0, at_most=0),)))

    assert text.splitlines() == [
        "== call-log",
        "",
        "Rates",
        "lane  p50 s  calls",
        "feed   3.46  1,200",
        "list      -      7",
        "",
        "figure  measured  unit       goal  met",
        "429s        1.00     -  at most 0   NO",
    ]
