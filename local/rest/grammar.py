"""The language of PostgREST's query strings, parsed into plain values. Nothing here knows the schema or SQL."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NoReturn, TypeVar

from local.rest.errors import ApiError

# Deeper requests are refused, so that no client can exhaust the interpreter's stack.
MAX_NESTING = 25

COMPARISONS = frozenset({"eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"})
OPERATORS = COMPARISONS | {"neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "isdistinct"}
TEXT_SEARCHES = frozenset({"fts", "plfts", "phfts", "wfts"})
TRUTH_VALUES = frozenset({"null", "not_null", "true", "false", "unknown"})
_AGGREGATES = frozenset({"count", "sum", "avg", "max", "min"})
_LEVELLED_PARAMETERS = frozenset({"order", "limit", "offset", "and", "or"})
_REQUEST_PARAMETERS = frozenset({"select", "columns", "on_conflict"})

Path = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class JsonStep:
    """One `->` or `->>` of a path into a JSON value."""

    key: str
    is_index: bool
    as_text: bool


@dataclass(frozen=True)
class Field:
    name: str
    path: tuple[JsonStep, ...] = ()


@dataclass(frozen=True)
class Filter:
    field: Field
    operator: str
    value: str = ""
    values: tuple[str, ...] = ()  # of `in`
    negated: bool = False
    quantifier: Literal["any", "all"] | None = None
    language: str | None = None  # of a text search


@dataclass(frozen=True)
class Logic:
    operator: Literal["and", "or"]
    terms: "tuple[Condition, ...]"
    negated: bool = False


Condition = Filter | Logic


@dataclass(frozen=True)
class Column:
    """A column of `select`; the name `*` stands for all of them."""

    field: Field
    alias: str | None = None
    cast: str | None = None


@dataclass(frozen=True)
class Embed:
    relation: str
    items: "tuple[Column | Embed, ...]"
    alias: str | None = None
    hint: str | None = None
    inner: bool = False
    spread: bool = False

    @property
    def name(self) -> str:
        """What filters, orders and the answer call it."""
        return self.alias or self.relation


SelectItem = Column | Embed


@dataclass(frozen=True)
class OrderTerm:
    field: Field
    relation: str | None = None
    direction: Literal["asc", "desc"] | None = None
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True)
class Window:
    """Which rows of an ordered result: `limit` None means all from `offset` on."""

    offset: int = 0
    limit: int | None = None

    def within(self, other: "Window") -> "Window":
        """The rows in both."""
        offset = max(self.offset, other.offset)
        ends = [w.offset + w.limit for w in (self, other) if w.limit is not None]
        return Window(offset, max(min(ends) - offset, 0) if ends else None)


@dataclass(frozen=True)
class Query:
    """A parsed query string. Paths lead to the embedded resource meant; () is the resource of the URL."""

    select: tuple[SelectItem, ...] = (Column(Field("*")),)
    conditions: tuple[tuple[Path, Condition], ...] = ()
    orders: tuple[tuple[Path, tuple[OrderTerm, ...]], ...] = ()
    windows: dict[Path, Window] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    on_conflict: tuple[str, ...] | None = None
    arguments: tuple[tuple[str, str], ...] = ()  # of a function called by GET


def parse(parameters: Sequence[tuple[str, str]], *, function_arguments: bool = False) -> Query:
    """The query that decoded `parameters` state.

    With `function_arguments` (a function called by GET), a parameter whose value does not begin with an operator
    is an argument; otherwise it is a malformed filter.

    Raises ApiError PGRST100 where it cannot be read, PGRST103 for a negative limit, PGRST123 for aggregates, and
    22021 for the one character PostgreSQL has not.
    """
    first = dict(reversed(parameters))
    conditions: list[tuple[Path, Condition]] = []
    orders: list[tuple[Path, tuple[OrderTerm, ...]]] = []
    arguments: list[tuple[str, str]] = []
    numbers: dict[tuple[Path, str], int] = {}
    for key, value in parameters:
        if "\0" in key or "\0" in value:
            raise ApiError(400, "22021", 'invalid byte sequence for encoding "UTF8": 0x00')
        *_, last = key.split(".")
        if key in _REQUEST_PARAMETERS:
            continue
        if last == "order":
            orders.append((_level(key), _parse_all(value, "order", _order_terms)))
        elif last in ("and", "or"):
            conditions.append(_logic_parameter(key, value))
        elif last in _LEVELLED_PARAMETERS:
            if re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
                numbers[_level(key), last] = int(value)
        elif function_arguments and "." not in key and not _begins_with_operator(value):
            arguments.append((key, value))
        else:
            path, target = _parse_all(key, "tree path", _tree_path)
            conditions.append((path, _parse_all(value, "filter", partial(_filter, target, _rest))))
    return Query(
        select=_parse_all(first["select"], "select parameter", _select_items)
        if "select" in first
        else Query.select,
        conditions=tuple(conditions),
        orders=tuple(orders),
        windows=_windows(numbers),
        columns=_parse_all(first["columns"], "columns parameter", _names) if "columns" in first else None,
        on_conflict=(
            _parse_all(first["on_conflict"], "on_conflict parameter", _names)
            if "on_conflict" in first
            else None
        ),
        arguments=tuple(arguments),
    )


def _windows(numbers: dict[tuple[Path, str], int]) -> dict[Path, Window]:
    if any(number < 0 for (_, kind), number in numbers.items() if kind == "limit"):
        details = "Limit should be greater than or equal to zero."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details)
    return {
        path: Window(max(numbers.get((path, "offset"), 0), 0), numbers.get((path, "limit")))
        for path in {path for path, _ in numbers}
    }


def _begins_with_operator(value: str) -> bool:
    operator, dot, _ = value.partition(".")
    return bool(dot) and operator.partition("(")[0] in OPERATORS | TEXT_SEARCHES | {"not", "is", "in"}


class _Scanner:
    """Reads a text from left to right; failures say where, as PostgREST's do."""

    def __init__(self, text: str, subject: str) -> None:
        self.text = text
        self.subject = subject
        self.position = 0
        self.depth = 0

    def fail(self, expecting: str) -> NoReturn:
        rest = self.text[self.position :]
        unexpected = f'"{rest[0]}"' if rest else "end of input"
        raise ApiError(
            400,
            "PGRST100",
            f'"failed to parse {self.subject} ({self.text})" (line 1, column {self.position + 1})',
            f"unexpected {unexpected} expecting {expecting}",
        )

    def match(self, pattern: str) -> re.Match[str] | None:
        found = re.compile(pattern, re.DOTALL).match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def sees(self, *tokens: str) -> bool:
        return self.text.startswith(tokens, self.position)

    def at_end(self) -> bool:
        return self.position == len(self.text)

    def take(self, token: str) -> bool:
        taken = self.sees(token)
        self.position += len(token) if taken else 0
        return taken

    def expect(self, token: str) -> None:
        if not self.take(token):
            self.fail(f'"{token}"')

    def skip_blanks(self) -> None:
        self.match(r"[ \t]*")

    @contextmanager
    def parentheses(self) -> Iterator[None]:
        self.expect("(")
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"at most {MAX_NESTING} levels of parentheses")
        self.skip_blanks()
        yield
        self.skip_blanks()
        self.expect(")")
        self.depth -= 1


def _parse_all(text: str, subject: str, parser: Callable[[_Scanner], T]) -> T:
    scanner = _Scanner(text, subject)
    parsed = parser(scanner)
    if not scanner.at_end():
        scanner.fail("end of input")
    return parsed


def _level(key: str) -> Path:
    """The embedded resource that `a.b.order` is about."""
    path, _ = _parse_all(key, "tree path", _tree_path)
    return path


def _quoted(scanner: _Scanner) -> str | None:
    found = scanner.match(r'"((?:[^"\\]|\\.)*)"')
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else None


def _name(scanner: _Scanner) -> str:
    quoted = _quoted(scanner)
    if quoted:
        return quoted
    # A dash belongs to a name unless it begins the arrow of a JSON path.
    found = scanner.match(r"[\w $]+(?:-(?!>)[\w $]+)*")
    name = found[0].strip() if found else ""
    return name or scanner.fail("field name (* or [a..z0..9_$])")


def _names(scanner: _Scanner) -> tuple[str, ...]:
    names = [_name(scanner)]
    while scanner.match(r"[ \t]*,[ \t]*"):
        names.append(_name(scanner))
    return tuple(names)


def _tree_path(scanner: _Scanner) -> tuple[Path, Field]:
    names = [_name(scanner)]
    while scanner.take("."):
        names.append(_name(scanner))
    return tuple(names[:-1]), Field(names[-1], _json_path(scanner))


def _field(scanner: _Scanner) -> Field:
    scanner.skip_blanks()
    parsed = Field(_name(scanner), _json_path(scanner))
    scanner.skip_blanks()
    return parsed


def _json_path(scanner: _Scanner) -> tuple[JsonStep, ...]:
    steps = []
    while arrow := scanner.match(r"->>?"):
        index = scanner.match(r"-?[0-9]{1,9}(?=->|::|[.,)]|$)")
        key = index[0] if index else _name(scanner)
        steps.append(JsonStep(key, is_index=index is not None, as_text=arrow[0] == "->>"))
    return tuple(steps)


def _select_items(scanner: _Scanner) -> tuple[SelectItem, ...]:
    scanner.skip_blanks()
    if scanner.at_end() or scanner.sees(")"):
        return ()
    items = [_select_item(scanner)]
    while scanner.match(r"[ \t]*,[ \t]*"):
        items.append(_select_item(scanner))
    return tuple(items)


def _select_item(scanner: _Scanner) -> SelectItem:
    if scanner.take("..."):
        return _embed(scanner, _name(scanner), alias=None, spread=True)
    if scanner.take("*"):
        return Column(Field("*"))
    name, alias = _name(scanner), None
    if scanner.match(r":(?!:)"):
        name, alias = _name(scanner), name
    if name == "count" and scanner.sees("()"):
        _refuse_aggregates()
    if scanner.sees("(", "!"):
        return _embed(scanner, name, alias, spread=False)
    field = Field(name, _json_path(scanner))
    cast = _cast(scanner) if scanner.take("::") else None
    aggregate = scanner.match(r"\.(\w+)\(\)")
    if aggregate and aggregate[1] in _AGGREGATES:
        _refuse_aggregates()
    scanner.skip_blanks()
    if not scanner.at_end() and not scanner.sees(",", ")"):
        scanner.fail('"->>", "->", "::", ")", "," or end of input')
    return Column(field, alias, cast)


def _refuse_aggregates() -> NoReturn:
    raise ApiError(400, "PGRST123", "Use of aggregate functions is not allowed")


def _cast(scanner: _Scanner) -> str:
    found = scanner.match(r"[\w $]+")
    return (found and found[0].strip()) or scanner.fail("letter or digit")


def _embed(scanner: _Scanner, relation: str, alias: str | None, *, spread: bool) -> Embed:
    hint, inner = None, False
    while scanner.take("!"):
        word = _name(scanner)
        if word in ("inner", "left"):
            inner = word == "inner"
        else:
            hint = word
    with scanner.parentheses():
        items = _select_items(scanner)
    return Embed(relation, items, alias, hint, inner, spread)


def _order_terms(scanner: _Scanner) -> tuple[OrderTerm, ...]:
    terms = [_order_term(scanner)]
    while scanner.take(","):
        terms.append(_order_term(scanner))
    return tuple(terms)


def _order_term(scanner: _Scanner) -> OrderTerm:
    field, relation = _field(scanner), None
    if scanner.sees("(") and not field.path:
        relation = field.name
        with scanner.parentheses():
            field = _field(scanner)
    direction = scanner.match(r"\.(asc|desc)(?![^.,])")
    nulls = scanner.match(r"\.nulls(first|last)(?![^,])")
    if scanner.sees("."):
        scanner.fail('"asc", "desc", "nullsfirst" or "nullslast"')
    return OrderTerm(
        field,
        relation,
        "desc" if direction and direction[1] == "desc" else "asc" if direction else None,
        "first" if nulls and nulls[1] == "first" else "last" if nulls else None,
    )


ReadValue = Callable[[_Scanner], str]


def _rest(scanner: _Scanner) -> str:
    found = scanner.match(r".*")
    return found[0] if found else ""


def _value_among_others(scanner: _Scanner) -> str:
    """A value inside and=() or or=(), which ends at a comma or a parenthesis unless quoted or an array."""
    array = scanner.match(r"\{[^{}]*\}(?=[,)]|$)")
    return array[0] if array else _list_element(scanner)


def _list_element(scanner: _Scanner) -> str:
    start = scanner.position
    quoted = _quoted(scanner)
    if quoted is not None and (scanner.at_end() or scanner.sees(",", ")")):
        return quoted
    scanner.position = start
    found = scanner.match(r"[^,)]*")
    return found[0] if found else ""


def _filter(target: Field, read_value: ReadValue, scanner: _Scanner) -> Filter:
    negated = scanner.take("not.")
    start = scanner.position
    found = scanner.match(r"([a-z]+)(?:\(([^\W\d][\w $]*)\))?\.")
    operator, modifier = (found[1], found[2]) if found else ("", None)
    if operator == "in" and modifier is None:
        return Filter(target, operator, values=_list(scanner), negated=negated)
    if operator == "is" and modifier is None:
        return Filter(target, operator, _truth_value(scanner), negated=negated)
    if operator in TEXT_SEARCHES:
        return Filter(target, operator, read_value(scanner), negated=negated, language=modifier)
    if operator in COMPARISONS and modifier in ("any", "all"):
        quantifier: Literal["any", "all"] = "any" if modifier == "any" else "all"
        return Filter(target, operator, read_value(scanner), negated=negated, quantifier=quantifier)
    if operator in OPERATORS and modifier is None:
        return Filter(target, operator, read_value(scanner), negated=negated)
    scanner.position = start
    scanner.fail("operator (eq, gt, ...)" if negated else '"not" or operator (eq, gt, ...)')


def _list(scanner: _Scanner) -> tuple[str, ...]:
    scanner.skip_blanks()
    scanner.expect("(")
    elements = [_list_element(scanner)]
    while scanner.take(","):
        elements.append(_list_element(scanner))
    scanner.expect(")")
    scanner.skip_blanks()
    return () if elements == [""] else tuple(elements)


def _truth_value(scanner: _Scanner) -> str:
    start = scanner.position
    found = scanner.match(r"\w+")
    if found and found[0].lower() in TRUTH_VALUES:
        return found[0].lower()
    scanner.position = start
    scanner.fail("null or trilean value (unknown, true, false)")


def _logic_parameter(key: str, value: str) -> tuple[Path, Condition]:
    """`and`, `or`, `not.or`, `embed.or`, `embed.not.and`: the key ends with the operator of the whole value."""
    names = [*_level(key), key.rpartition(".")[2]]
    path, operator = tuple(n for n in names[:-1] if n != "not"), names[-1]
    text = f"not.{operator}{value}" if "not" in names else f"{operator}{value}"
    return path, _parse_all(text, "logic tree", _condition)


def _condition(scanner: _Scanner) -> Condition:
    scanner.skip_blanks()
    found = scanner.match(r"(not\.)?(and|or)[ \t]*(?=\()")
    if not found:
        target = _field(scanner)
        scanner.expect(".")
        return _filter(target, _value_among_others, scanner)
    with scanner.parentheses():
        terms = [_condition(scanner)]
        while scanner.match(r"[ \t]*,"):
            terms.append(_condition(scanner))
    scanner.skip_blanks()
    return Logic("and" if found[2] == "and" else "or", tuple(terms), negated=found[1] is not None)
