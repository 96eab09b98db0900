import pytest

from scripts.supervisor.procfile import Entry, ProcfileError, parse


def test_every_line_is_a_process_in_its_order() -> None:
    entries = parse(["# what runs", "", "web: serve --port $PORT", " clock :python -m workers clock "])

    assert entries == (Entry("web", "serve --port $PORT"), Entry("clock", "python -m workers clock"))


@pytest.mark.parametrize("line", ["web", "web:", ": serve", "we b: serve"])
def test_a_line_that_is_no_process_is_named(line: str) -> None:
    with pytest.raises(ProcfileError, match="line 2"):
        parse(["clock: tick", line])


def test_a_name_stands_for_one_process() -> None:
    with pytest.raises(ProcfileError, match="already"):
        parse(["web: one", "web: two"])
