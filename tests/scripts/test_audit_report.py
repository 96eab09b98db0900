"""What people are told of the completeness ledger at the terminal."""

from typing import Any

from runtime.audit import Hour, Unexplained
from scripts.terminal.audit_report import MOST_NAMED, report
from telephony.completeness import Standing

NINE = 1_772_442_000.0  # 2026-03-02T09:00:00Z
WELL = Hour(NINE, known=1, in_log=1, standings={Standing.PUBLISHED: 1}, triggers={"webhook": 1})


def rows(lines: list[str]) -> list[list[str]]:
    """Give the rows of the first table, without its heading."""
    return [line.split() for line in lines[1 : lines.index("")]]


def missing(count: int, **fields: Any) -> Hour:
    """Build an hour of calls of which nobody can say what became of them."""
    named = tuple(Unexplained(f"s-{number}", "it is resolved") for number in range(count))
    return Hour(NINE, known=count, standings={Standing.UNEXPLAINED: count}, unexplained=named, **fields)


def test_each_hour_and_their_sum_are_told_with_what_made_us_look() -> None:
    triggers = {"reconcile": 1, "webhook": 1200}
    full = Hour(NINE, 1203, 1201, {Standing.PUBLISHED: 1201, Standing.OPEN: 2}, triggers, quarantined=4)

    lines = list(report({"acme": [full, Hour(NINE + 3600)]}))

    counts = ["1203", "1201", "1201", "2", *("-",) * 3, "-", "4", "webhook", "1,200,", "reconcile", "1"]
    assert rows(lines) == [
        ["2026-03-02", "09:00", *counts],
        ["2026-03-02", "10:00", "0", "0", *("-",) * 8],
        ["all", *counts],
    ]
    assert lines[-1] == "1,203 of 1,203 calls accounted for"


def test_of_several_accounts_one_follows_the_other_under_its_name() -> None:
    lines = list(report({"acme": [WELL], "globex": [WELL]}))

    at = lines.index("account globex")
    assert lines[0] == "account acme"
    assert lines[at - 2 : at] == ["1 of 1 calls accounted for", ""]
    assert lines[-1] == "1 of 1 calls accounted for"


def test_calls_that_are_nowhere_are_named_as_far_as_anybody_reads_on() -> None:
    few, many = (list(report({"acme": [missing(count)]})) for count in (MOST_NAMED, MOST_NAMED + 5))

    assert [sum(line.startswith("unexplained: ") for line in lines) for lines in (few, many)] == [MOST_NAMED] * 2
    assert few[-3:] == [
        f"unexplained: s-{MOST_NAMED - 1}: it is resolved",
        "",
        f"0 of {MOST_NAMED} calls accounted for: SOME ARE NOT",
    ]
    assert many[-3].startswith("... and 5 more; --json names up to")
