"""Every refusal has a code; docs/errors.md lists them all, and the header of each function lists its own."""

import re
from functools import cache
from pathlib import Path

import pytest

from cli import schema

FUNCTIONS = {
    Path(file.path).stem: file.text for file in schema.repeatables() if file.path.startswith("functions/")
}
ERRORS = (schema.SQL_DIR.parent / "docs" / "errors.md").read_text()
RAISED = re.compile(r"sqlstate '(PT\d{3})' using\s+hint = '([A-Z_]+)'")
DOCUMENTED = re.compile(r"(PT\d{3}) ([A-Z_]+)")

# What a function could raise by what it calls, and cannot by what it checked before.
EXCLUDED: dict[str, set[str]] = {
    "complete_chat": {"ALREADY_ASSIGNED", "OPERATOR_NOT_AVAILABLE"},
    "complete_and_continue": {"ALREADY_ASSIGNED", "OPERATOR_NOT_AVAILABLE"},
    "handle_payment_event": {"INVALID_INPUT", "PAYMENT_NOT_FOUND", "WRONG_MODE"},
    "handle_pending_payment_events": {"EVENT_NOT_FOUND", "INVALID_INPUT", "PAYMENT_NOT_FOUND", "WRONG_MODE"},
    "note_reversal": {"INVALID_INPUT"},
    "reassign_chat": {"INVALID_INPUT"},
}


def header(name: str) -> str:
    """The comment above a function."""
    lines = FUNCTIONS[name].splitlines()
    return "\n".join(lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))])


def body(name: str) -> str:
    return FUNCTIONS[name].removeprefix(header(name))


@cache
def raised(name: str) -> frozenset[tuple[str, str]]:
    """What a function raises, itself and by what it calls."""
    found = set(RAISED.findall(body(name)))
    for called in re.findall(r"(?:private|public)\.(\w+)\(", body(name)):
        if called in FUNCTIONS and called != name:
            found |= raised(called)
    return frozenset((status, code) for status, code in found if code not in EXCLUDED.get(name, ()))


@cache
def documented(name: str) -> frozenset[tuple[str, str]]:
    """What the header says a function raises, "as others do" included."""
    (section,) = re.findall(r"^-- (?:[A-Z]\w+, )*Raises(.*(?:\n--    .*)*)", header(name), re.MULTILINE) or [
        ""
    ]
    found = set(DOCUMENTED.findall(section))
    if shared := re.match(r"\s+as (\w+)(?: and (\w+))?", section):
        for other in filter(None, shared.groups()):
            found |= documented(other)
    return frozenset(found)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_header_of_a_function_lists_what_it_raises(name: str) -> None:
    assert documented(name) == raised(name)


def test_the_page_lists_every_code_with_its_status_and_no_other() -> None:
    section = ERRORS.partition("## From the database")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \|", section, re.MULTILINE)
    found = {
        (status.removeprefix("PT"), code)
        for text in FUNCTIONS.values()
        for status, code in RAISED.findall(text)
    }
    assert sorted(listed) == sorted(found)


def test_every_refusal_has_status_code_and_a_sentence() -> None:
    """A raise that is none of ours would be answered 500."""
    for name in FUNCTIONS:
        for statement in re.findall(r"raise (?!warning|serialization_failure)(.*?);", body(name), re.DOTALL):
            assert RAISED.match(statement), f"{name}: {statement}"
            assert "message =" in statement, f"{name}: {statement}"


def test_one_code_is_one_status() -> None:
    pairs = {pair for text in FUNCTIONS.values() for pair in RAISED.findall(text)}
    assert len({code for _, code in pairs}) == len(pairs)
