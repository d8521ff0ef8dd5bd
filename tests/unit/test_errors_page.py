"""docs/errors.md lists every code of the API, with its status."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_lists_exactly_the_refusals_in_the_code() -> None:
    page = (ROOT / "docs" / "errors.md").read_text().partition("## From the API")[2]
    listed = set(re.findall(r"^\| ([0-9]{3}) \| `([A-Z_]+)` \|", page, re.MULTILINE))
    code = "".join(path.read_text() for path in (ROOT / "api").rglob("*.py"))
    # A refusal stands in the code as status, code, sentence.
    raised = set(re.findall(r"\b([45][0-9]{2}),\s*\"([A-Z]+(?:_[A-Z]+)*)\",\s*f?\"", code))
    assert listed == raised
