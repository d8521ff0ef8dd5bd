"""The filters of postgres_changes: `column=operator.value`, several joined by commas, which means and.

The database compares, by the column's own type; the parser only takes the text apart.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg.sql import SQL, Composed, Identifier, Literal

COMPARISONS = {
    "eq": "=",
    "neq": "<>",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "like": "like",
    "ilike": "ilike",
    "match": "~",
    "imatch": "~*",
    "isdistinct": "is distinct from",
}
PATTERNS = {"like", "ilike", "match", "imatch"}
TRUTHS = {"null", "true", "false", "unknown"}
MAX_VALUES = 100

CONDITION = re.compile(r"([^=]+)=(not\.)?([a-z]+)\.(.*)", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


class FilterError(ValueError):
    """A filter that does not parse."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a column; `values` has one item, except after `in`."""

    column: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False

    def sql(self, types: Mapping[str, str]) -> Composed:
        """The comparison as a boolean expression over columns whose types are spelled in `types`."""
        column, type_ = Identifier(self.column), SQL(types[self.column])
        if self.operator == "is":
            expression = SQL("{} is {}").format(column, SQL(self.values[0]))
        elif self.operator == "in":
            values = SQL(",").join(SQL("{}::{}").format(Literal(value), type_) for value in self.values)
            expression = SQL("{} in ({})").format(column, values)
        elif self.operator in PATTERNS:
            expression = SQL("{}::text {} {}").format(
                column, SQL(COMPARISONS[self.operator]), Literal(self.values[0])
            )
        else:
            expression = SQL("{} {} {}::{}").format(
                column, SQL(COMPARISONS[self.operator]), Literal(self.values[0]), type_
            )
        return SQL("(not {})" if self.negated else "({})").format(expression)


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions of a filter string; raises FilterError."""
    return tuple(_condition(part) for part in _split(text))


def _condition(text: str) -> Condition:
    match = CONDITION.fullmatch(text.strip())
    if not match:
        raise FilterError(text)
    column, negated, operator, value = match.groups()
    if operator == "in":
        if not (value.startswith("(") and value.endswith(")")):
            raise FilterError(text)
        values = tuple(_unquoted(item) for item in _split(value[1:-1]))
        if len(values) > MAX_VALUES:
            raise FilterError(text)
    elif operator == "is":
        if value.lower() not in TRUTHS:
            raise FilterError(text)
        values = (value.lower(),)
    elif operator in COMPARISONS:
        values = (_unquoted(value),)
    else:
        raise FilterError(text)
    return Condition(column, operator, values, bool(negated))


def _unquoted(value: str) -> str:
    match = QUOTED.fullmatch(value.strip())
    return re.sub(r"\\(.)", r"\1", match[1]) if match else value


def _split(text: str) -> Iterator[str]:
    """The parts between commas that stand outside quotes and parentheses."""
    start = depth = position = 0
    while position < len(text):
        if quoted := QUOTED.match(text, position):
            position = quoted.end()
            continue
        character = text[position]
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
        position += 1
    yield text[start:]
