"""The reference pages that are drawn from the code say what the code says."""

import subprocess
import sys

from scripts.venv import ROOT
from telephony.endings import ENDINGS
from telephony.explanations import REASONS
from telephony.precedence import RULES


def test_the_generated_pages_are_up_to_date() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "generate_docs.py"), "--check"]

    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_of_outcomes_names_every_rule() -> None:
    page = (ROOT / "docs" / "reference" / "outcomes.md").read_text()

    for rule in (*REASONS, *(rule.name for rule in RULES), *(row.rule for row in ENDINGS)):
        assert f"`{rule}`" in page
