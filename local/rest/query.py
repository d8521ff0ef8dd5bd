"""From a planned request to one SQL statement that makes its whole answer in PostgreSQL.

Every name is quoted and every value from the client travels as a parameter, always as text of no stated type, so
that PostgreSQL reads it as the column's.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from local.rest.catalog import EXPOSED_SCHEMA, Function, Parameter, Relationship, Result, Table, TableColumn
from local.rest.grammar import Column, Condition, Field, Filter, JsonStep, OrderTerm, Window
from local.rest.headers import MediaType
from local.rest.plan import Node

SOURCE = sql.Identifier("pgrst_source")  # the CTE whose rows are the answer
_ALL_OF_SOURCE = sql.SQL("select * from {}").format(SOURCE)
_SCALAR = sql.Identifier("pgrst_scalar")
_MAX_IDENTIFIER_BYTES = 63

_SQL_OPERATORS = {
    "eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "like": "like", "ilike": "ilike",
    "match": "~", "imatch": "~*", "cs": "@>", "cd": "<@", "ov": "&&", "sl": "<<", "sr": ">>", "nxr": "&<",
    "nxl": "&>", "adj": "-|-", "isdistinct": "is distinct from",
}  # fmt: skip
_TEXT_SEARCHES = {
    "fts": "to_tsquery", "plfts": "plainto_tsquery", "phfts": "phraseto_tsquery", "wfts": "websearch_to_tsquery",
}  # fmt: skip
_TRUTH_VALUES = {
    "null": "is null", "not_null": "is not null", "true": "is true", "false": "is false", "unknown": "is unknown",
}  # fmt: skip

# The names of SQL's grammar that are no type's name once quoted, as every identifier here is.
_TYPE_NAMES = {
    "int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "real": "float4", "float": "float8",
    "double precision": "float8", "boolean": "bool", "decimal": "numeric", "dec": "numeric",
    "char": "bpchar", "character": "bpchar", "character varying": "varchar", "bit varying": "varbit",
    "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
    "time with time zone": "timetz", "time without time zone": "time",
}  # fmt: skip


def identifier(*names: str) -> sql.Identifier:
    """Names quoted for SQL, and for psycopg, to which a per cent sign announces a parameter."""
    return sql.Identifier(*(name.replace("%", "%%") for name in names))


def _exposed(name: str) -> sql.Identifier:
    return identifier(EXPOSED_SCHEMA, name)


def _from_catalog(text: str) -> sql.SQL:
    """SQL that PostgreSQL printed (a type, a default), which is not the client's to choose."""
    return sql.SQL(text.replace("%", "%%"))


def _fixed(text: str) -> sql.SQL:
    """A piece of SQL from this module's own tables."""
    return sql.SQL(text)


def _comma(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(list(parts))


_NOTHING = sql.SQL("")


@dataclass(frozen=True)
class Answer:
    """How the rows of the source become the answer."""

    media_type: MediaType = field(default_factory=MediaType)
    has_body: bool = True
    counts: bool = False
    location_of: tuple[str, ...] = ()  # the primary key to put into a Location header
    tells_inserted: bool = False


class Statement:
    """Builds one statement; `parameters` collects the values that its text refers to."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self._aliases: set[str] = set()

    def value(self, text: str) -> sql.Placeholder:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = text
        return sql.Placeholder(name)

    # What a request answers

    def read(self, root: Node, answer: Answer) -> sql.Composed:
        """Rows of a table or view."""
        assert root.table
        return self._answer(
            source=self.select(root, _exposed(root.table.name)),
            rows=_ALL_OF_SOURCE,
            count=self.count(root) if answer.counts else None,
            answer=answer,
        )

    def mutate(self, mutation: sql.Composed, root: Node, answer: Answer) -> sql.Composed:
        """Rows that `mutation` returns, with what is embedded in them."""
        rows = self.select(root, SOURCE) if answer.has_body else _ALL_OF_SOURCE
        return self._answer(source=mutation, rows=rows, count=None, answer=answer)

    def call(self, function: Function, call: sql.Composed, root: Node, answer: Answer) -> sql.Composed:
        """What a function returned, filtered and embedded as rows of a table are."""
        return self._answer(
            source=call,
            rows=self.select(root, SOURCE),
            count=self.count(root, SOURCE) if answer.counts else None,
            answer=answer,
            result=function.result,
        )

    def _answer(
        self,
        source: sql.Composed,
        rows: sql.Composable,
        count: sql.Composed | None,
        answer: Answer,
        result: Result = Result.SET_OF_ROWS,
    ) -> sql.Composed:
        return sql.SQL(
            "with {source} as ({statement}) "
            "select {total} as total, pg_catalog.count(*) as row_count, {body} as body, {location} as location, "
            "{inserted} as inserted, "
            "nullif(pg_catalog.current_setting('response.headers', true), '') as headers, "
            "nullif(pg_catalog.current_setting('response.status', true), '') as status "
            "from ({rows}) as answer"
        ).format(
            source=SOURCE,
            statement=source,
            total=sql.SQL("(select pg_catalog.count(*) from ({}) as counted)").format(count)
            if count
            else sql.NULL,
            body=_body(answer.media_type, result) if answer.has_body else sql.NULL,
            location=self._location(answer.location_of) if answer.location_of else sql.NULL,
            inserted=_INSERTED_ROWS if answer.tells_inserted else sql.NULL,
            rows=rows,
        )

    def _location(self, primary_key: Sequence[str]) -> sql.Composed:
        """The key of the row, as the filters that find it again."""
        return sql.SQL(
            "(select pg_catalog.json_object_agg(field.key, coalesce('eq.' || field.value, 'is.null'))::text "
            "from {} as inserted, pg_catalog.json_each_text(pg_catalog.row_to_json(inserted)) as field "
            "where field.key = any ({}))"
        ).format(SOURCE, self.value(array_literal(primary_key)))

    # Reading

    def select(self, node: Node, source: sql.Composable, parent_alias: str | None = None) -> sql.Composed:
        """The rows of `node`, which lie in `source`, with what is embedded in each of them."""
        alias = self._alias(node, parent_alias)
        outputs: list[sql.Composable] = [self._output(alias, node, column) for column in node.columns]
        joins = []
        tests: dict[str, sql.Composable] = {}
        for child in node.children:
            join, output, tests[child.name] = self._embedded(child, alias)
            joins.append(join)
            if child.select:
                outputs.append(output)
        orders = [self._order_term(alias, node, term) for term in node.order]
        return sql.SQL("select {outputs} {source}{joins}{where}{order}{window}").format(
            outputs=_comma(outputs),
            source=self._from(node, source, alias, parent_alias),
            joins=sql.Composed(joins),
            where=self._where(node, alias, parent_alias, tests),
            order=sql.SQL(" order by {}").format(_comma(orders)) if orders else _NOTHING,
            window=self._window(node.window),
        )

    def count(
        self, node: Node, source: sql.Composable | None = None, parent_alias: str | None = None
    ) -> sql.Composed:
        """One row for every row that `node` has when no limit is put to it."""
        alias = self._alias(node, parent_alias)
        tests: dict[str, sql.Composable] = {}
        required = []
        for child in node.children:
            exists = sql.SQL("exists ({})").format(self.count(child, parent_alias=alias))
            tests[child.name] = exists
            if child.is_inner:
                required.append(exists)
        source = source or _exposed(node.table.name if node.table else node.name)
        return sql.SQL("select 1 {}{}").format(
            self._from(node, source, alias, parent_alias),
            self._where(node, alias, parent_alias, tests, required),
        )

    def _alias(self, node: Node, parent_alias: str | None) -> str:
        """A name no other part of the statement has; the resource's own where possible, for errors quote it."""
        base = node.table.name if node.table else node.name
        alias, number = _cut(base), 0
        while parent_alias is not None and (number == 0 or alias in self._aliases):
            number += 1
            alias = f"{_cut(base)}_{number}"
        self._aliases.add(alias)
        return alias

    def _from(self, node: Node, source: sql.Composable, alias: str, parent_alias: str | None) -> sql.Composed:
        text = sql.SQL("from {} as {}").format(source, identifier(alias))
        if node.relationship and node.relationship.junction:
            junction = node.relationship.junction.table
            self._aliases.add(_junction_alias(alias))
            text += sql.SQL(", {} as {}").format(_exposed(junction), identifier(_junction_alias(alias)))
        return text

    def _where(
        self,
        node: Node,
        alias: str,
        parent_alias: str | None,
        tests: dict[str, sql.Composable],
        required: Sequence[sql.Composable] = (),
    ) -> sql.Composable:
        conditions: list[sql.Composable] = [
            self.condition(alias, node.table, condition, tests) for condition in node.conditions
        ]
        if node.relationship and parent_alias is not None:
            conditions += _join_conditions(node.relationship, alias, parent_alias)
        conditions += required
        return sql.SQL(" where {}").format(sql.SQL(" and ").join(conditions)) if conditions else _NOTHING

    def _embedded(self, child: Node, alias: str) -> tuple[sql.Composed, sql.Composable, sql.Composable]:
        """The join that fetches `child`'s rows for a row of `alias`, its output, and the test that it has any."""
        assert child.table
        lateral = self._fresh("pgrst_embedded")
        document = identifier(lateral, "document")
        rows = self.select(child, _exposed(child.table.name), alias)
        kind = sql.SQL("inner" if child.is_inner else "left")
        if child.embed and child.embed.spread:
            join = sql.SQL(" {} join lateral ({}) as {} on true").format(kind, rows, identifier(lateral))
            found = sql.SQL("{} is distinct from null").format(identifier(lateral))
            return join, sql.SQL("{}.*").format(identifier(lateral)), found
        made_of, condition, output = (
            ("pg_catalog.row_to_json(embedded.*)", _fixed("true"), sql.SQL("{}").format(document))
            if child.to_one
            else (
                "pg_catalog.json_agg(embedded.*)",
                sql.SQL("{} is not null").format(document) if child.is_inner else _fixed("true"),
                sql.SQL("coalesce({}, '[]')").format(document),
            )
        )
        join = sql.SQL(
            " {kind} join lateral (select {made_of} as document from ({rows}) as embedded) as {name} on {condition}"
        ).format(kind=kind, made_of=_fixed(made_of), rows=rows, name=identifier(lateral), condition=condition)
        found = sql.SQL("{} is not null").format(document)
        return join, sql.SQL("{} as {}").format(output, identifier(child.name)), found

    def _fresh(self, base: str) -> str:
        number = 1
        while f"{base}_{number}" in self._aliases:
            number += 1
        self._aliases.add(f"{base}_{number}")
        return f"{base}_{number}"

    def _output(self, alias: str, node: Node, column: Column) -> sql.Composed:
        if column.field.name == "*":
            return sql.SQL("{}.*").format(identifier(alias))
        text: sql.Composable = self._field(alias, node.table, column.field)
        if column.cast is not None:
            type_name = column.cast.lower()
            text = sql.SQL("cast({} as {})").format(text, identifier(_TYPE_NAMES.get(type_name, type_name)))
        name = column.alias or _last_key(column.field)
        return sql.SQL("{} as {}").format(text, identifier(name))

    def _field(self, alias: str, table: Table | None, target: Field) -> sql.Composable:
        column = identifier(alias, target.name)
        if not target.path:
            return column
        known = table.columns.get(target.name) if table else None
        is_json = known is not None and known.type in ("json", "jsonb")
        start = column if is_json else sql.SQL("pg_catalog.to_jsonb({})").format(column)
        return sql.Composed([start, *(self._json_step(step) for step in target.path)])

    def _json_step(self, step: JsonStep) -> sql.Composed:
        arrow = "->>" if step.as_text else "->"
        key_type = "int" if step.is_index else "text"
        return sql.SQL("{}{}::{}").format(_fixed(arrow), self.value(step.key), _fixed(key_type))

    def _order_term(self, alias: str, node: Node, term: OrderTerm) -> sql.Composed:
        if term.relation is None:
            text: sql.Composable = self._field(alias, node.table, term.field)
        else:
            related = node.child(term.relation)
            assert related and related.table
            source = _exposed(related.table.name)
            single = Node(
                related.name, related.table, (Column(term.field),), relationship=related.relationship
            )
            single.conditions = related.conditions
            text = sql.SQL("({})").format(self.select(single, source, alias))
        direction = f" {term.direction}" if term.direction else ""
        nulls = f" nulls {term.nulls}" if term.nulls else ""
        return sql.SQL("{}{}{}").format(text, _fixed(direction), _fixed(nulls))

    def _window(self, window: Window) -> sql.Composable:
        text: sql.Composable = _NOTHING
        if window.limit is not None:
            text += sql.SQL(" limit {}").format(sql.Literal(window.limit))
        if window.offset:
            text += sql.SQL(" offset {}").format(sql.Literal(window.offset))
        return text

    # Conditions

    def condition(
        self, alias: str, table: Table | None, condition: Condition, tests: dict[str, sql.Composable]
    ) -> sql.Composed:
        """`tests` holds, by the name of each embedded resource, the test that a row has it: what `is.null` denies."""
        negation = sql.SQL("not " if condition.negated else "")
        if not isinstance(condition, Filter):
            terms = [self.condition(alias, table, term, tests) for term in condition.terms]
            joined = _fixed(f" {condition.operator} ").join(terms)
            return sql.SQL("{}({})").format(negation, joined)
        return sql.SQL("{}({})").format(negation, self._comparison(alias, table, condition, tests))

    def _comparison(
        self, alias: str, table: Table | None, condition: Filter, tests: dict[str, sql.Composable]
    ) -> sql.Composable:
        if condition.field.name in tests and not condition.field.path and condition.operator == "is":
            return _has_embedded(condition, tests[condition.field.name])
        target = self._field(alias, table, condition.field)
        if condition.operator == "is":
            return sql.SQL("{} {}").format(target, _fixed(_TRUTH_VALUES[condition.value]))
        if condition.operator == "in":
            return sql.SQL("{} = any ({})").format(target, self.value(array_literal(condition.values)))
        if condition.operator in _TEXT_SEARCHES:
            return self._text_search(target, table, condition)
        operator = _fixed(_SQL_OPERATORS[condition.operator])
        text = condition.value
        value: sql.Composable = self.value(
            text.replace("*", "%") if condition.operator in ("like", "ilike") else text
        )
        if condition.quantifier:
            value = sql.SQL("{} ({})").format(_fixed(condition.quantifier), value)
        return sql.SQL("{} {} {}").format(target, operator, value)

    def _text_search(self, target: sql.Composable, table: Table | None, condition: Filter) -> sql.Composed:
        language = (
            sql.SQL("{}::regconfig, ").format(self.value(condition.language))
            if condition.language
            else _NOTHING
        )
        known = table.columns.get(condition.field.name) if table else None
        if known is None or known.type != "tsvector":
            target = sql.SQL("to_tsvector({}{})").format(language, target)
        search = _fixed(_TEXT_SEARCHES[condition.operator])
        return sql.SQL("{} @@ {}({}{})").format(target, search, language, self.value(condition.value))

    # Writing

    def insert(
        self,
        table: Table,
        columns: Sequence[TableColumn],
        body: str,
        returning: Sequence[str],
        *,
        resolution: str | None,
        conflict_columns: Sequence[str],
        fill_defaults: bool,
    ) -> sql.Composed:
        """Insert the object or objects of `body`; `resolution` says what becomes of those that exist."""
        upserts = resolution is not None and bool(conflict_columns)
        merges = upserts and resolution == "merge-duplicates"
        names = _comma(identifier(column.name) for column in columns)
        conflict: sql.Composable = _NOTHING
        if upserts:
            action: sql.Composable = sql.SQL("nothing")
            if merges and columns:
                changes = _comma(
                    sql.SQL("{0} = excluded.{0}").format(identifier(column.name)) for column in columns
                )
                action = sql.SQL("update set {} where {}").format(changes, _COUNT_AS_UPDATED)
            conflict = sql.SQL(" on conflict ({}) do {}").format(
                _comma(map(identifier, conflict_columns)), action
            )
        return sql.SQL(
            "insert into {table} {into}select {names} from {body}{counting}{conflict}{returning}"
        ).format(
            table=_exposed(table.name),
            into=sql.SQL("({}) ").format(names) if columns else _NOTHING,
            names=names,
            body=self._body_rows(columns, body, fill_defaults=fill_defaults),
            counting=sql.SQL(" where {}").format(_COUNT_AS_INSERTED) if merges else _NOTHING,
            conflict=conflict,
            returning=_returning(table.name, returning),
        )

    def update(
        self,
        table: Table,
        columns: Sequence[TableColumn],
        body: str,
        conditions: Sequence[Condition],
        returning: Sequence[str],
        *,
        fill_defaults: bool,
    ) -> sql.Composed:
        if not columns:  # nothing to set: no row changes, and the answer has the columns asked for
            return sql.SQL("select {} from {} where false").format(
                _returned(table.name, returning), _exposed(table.name)
            )
        changes = _comma(
            sql.SQL("{} = {}").format(identifier(column.name), identifier("pgrst_body", column.name))
            for column in columns
        )
        return sql.SQL("update {} set {} from {}{}{}").format(
            _exposed(table.name),
            changes,
            self._body_rows(columns, body, fill_defaults=fill_defaults),
            self._filtered(table, conditions),
            _returning(table.name, returning),
        )

    def delete(self, table: Table, conditions: Sequence[Condition], returning: Sequence[str]) -> sql.Composed:
        return sql.SQL("delete from {}{}{}").format(
            _exposed(table.name), self._filtered(table, conditions), _returning(table.name, returning)
        )

    def _filtered(self, table: Table, conditions: Sequence[Condition]) -> sql.Composed:
        parts = [self.condition(table.name, table, condition, {}) for condition in conditions]
        return sql.SQL(" where {}").format(sql.SQL(" and ").join(parts))

    def _body_rows(self, columns: Sequence[TableColumn], body: str, *, fill_defaults: bool) -> sql.Composed:
        """The request's JSON as a relation `pgrst_body` with the columns' own types."""
        array = f"[{body}]" if body.lstrip().startswith("{") else body
        if not columns:
            return sql.SQL("(select from pg_catalog.json_array_elements({}::json)) as pgrst_body").format(
                self.value(array)
            )
        fields = _comma(
            sql.SQL("{} {}").format(identifier(column.name), _from_catalog(column.type)) for column in columns
        )
        if fill_defaults:
            defaults = _comma(
                sql.SQL("{}::text, {}").format(self.value(column.name), _from_catalog(column.default))
                for column in columns
                if column.default is not None
            )
            return sql.SQL(
                "(select fields.* from pg_catalog.jsonb_array_elements({}::jsonb) as element, lateral "
                "pg_catalog.jsonb_to_record(pg_catalog.jsonb_build_object({}) || element) as fields ({})) as pgrst_body"
            ).format(self.value(array), defaults, fields)
        return sql.SQL("pg_catalog.json_to_recordset({}::json) as pgrst_body ({})").format(
            self.value(array), fields
        )

    # Calling

    def call_with_values(self, function: Function, values: Sequence[tuple[str, str]]) -> sql.Composed:
        """A call with the parameters of a URL, each as text; a variadic parameter takes all of its repetitions."""
        arguments = []
        for parameter in function.parameters:
            given = [value for name, value in values if name == parameter.name]
            if given:
                text = array_literal(given) if parameter.variadic else given[-1]
                value = sql.SQL("{}::{}").format(self.value(text), _from_catalog(parameter.type))
                arguments.append(_argument(parameter, value))
        return self._call(function, _comma(arguments), _NOTHING)

    def call_with_json(self, function: Function, names: Iterable[str], body: str) -> sql.Composed:
        """A call with the members `names` of the JSON object `body`."""
        given = [parameter for parameter in function.parameters if parameter.name in set(names)]
        if not given:
            return self._call(function, _NOTHING, _NOTHING)
        fields = _comma(
            sql.SQL("{} {}").format(identifier(parameter.name), _from_catalog(parameter.type))
            for parameter in given
        )
        source = sql.SQL("pg_catalog.json_to_record({}::json) as pgrst_body ({}), lateral ").format(
            self.value(body), fields
        )
        arguments = _comma(
            _argument(parameter, identifier("pgrst_body", parameter.name)) for parameter in given
        )
        return self._call(function, arguments, source)

    def call_with_body(self, function: Function, body: str) -> sql.Composed:
        """A call whose one unnamed parameter is the request's body."""
        value = sql.SQL("{}::{}").format(self.value(body), _from_catalog(function.parameters[0].type))
        return self._call(function, value, _NOTHING)

    def _call(self, function: Function, arguments: sql.Composable, source: sql.Composable) -> sql.Composed:
        call = sql.SQL("{}({})").format(_exposed(function.name), arguments)
        if function.result.is_scalar:
            call = sql.SQL("(select {} as {})").format(call, _SCALAR)
        return sql.SQL("select pgrst_call.* from {}{} as pgrst_call").format(source, call)


def array_literal(values: Iterable[str]) -> str:
    """PostgreSQL's notation of an array, to be read as whatever array the context asks for."""
    return "{" + ",".join('"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values) + "}"


def body_columns(body: str) -> tuple[str, ...] | None:
    """The names of the members of the object, or of the objects of the array, that `body` is.

    Raises ValueError when it is neither, or not JSON; None when the objects differ in their members.
    """
    value = json.loads(body)
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("Expected a JSON object or an array of them")
    if any(row.keys() != rows[0].keys() for row in rows):
        return None
    return tuple(rows[0]) if rows else ()


# How many rows an upsert inserted, as opposed to updated: PostgreSQL does not tell, so the two places each row passes
# keep a count in a setting of the transaction.
_INSERTED_SETTING = "coalesce(nullif(pg_catalog.current_setting('pgrst.inserted', true), ''), '0')::int"
_INSERTED_ROWS = _fixed(_INSERTED_SETTING)
_COUNT_AS_INSERTED = _fixed(
    f"pg_catalog.set_config('pgrst.inserted', ({_INSERTED_SETTING} + 1)::text, true) is not null"
)
_COUNT_AS_UPDATED = _fixed(
    f"pg_catalog.set_config('pgrst.inserted', ({_INSERTED_SETTING} - 1)::text, true) is not null"
)


def _body(media_type: MediaType, result: Result) -> sql.Composed:
    rows = sql.SQL("pg_catalog.json_agg({})").format(
        sql.SQL("answer.{}").format(_SCALAR if result.is_scalar else sql.SQL("*"))
    )
    single = media_type.single or not result.is_set
    one_or_all = sql.SQL("{}->0").format(rows) if single else rows
    text = (
        sql.SQL("pg_catalog.json_strip_nulls({})").format(one_or_all)
        if media_type.strips_nulls
        else one_or_all
    )
    return sql.SQL("coalesce({}, {})::text").format(text, sql.Literal("null" if single else "[]"))


def _argument(parameter: Parameter, value: sql.Composable) -> sql.Composed:
    prefix = sql.SQL("variadic " if parameter.variadic else "")
    return sql.SQL("{}{} := {}").format(prefix, identifier(parameter.name), value)


def _returned(table: str, columns: Sequence[str]) -> sql.Composable:
    if not columns:
        return sql.SQL("1 as affected")
    return _comma(
        sql.SQL("{}.*").format(identifier(table)) if name == "*" else identifier(table, name)
        for name in columns
    )


def _returning(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(" returning {}").format(_returned(table, columns))


def _has_embedded(condition: Filter, test: sql.Composable) -> sql.Composed:
    return sql.SQL("{}({})").format(sql.SQL("not " if condition.value == "null" else ""), test)


def _join_conditions(relationship: Relationship, alias: str, parent_alias: str) -> list[sql.Composed]:
    equal = sql.SQL("{} = {}")
    if relationship.junction is None:
        return [
            equal.format(identifier(alias, target), identifier(parent_alias, source))
            for source, target in relationship.columns
        ]
    junction = _junction_alias(alias)
    return [
        *(
            equal.format(identifier(junction, own), identifier(parent_alias, source))
            for own, source in relationship.junction.to_source
        ),
        *(
            equal.format(identifier(junction, own), identifier(alias, target))
            for own, target in relationship.junction.to_target
        ),
    ]


def _junction_alias(alias: str) -> str:
    return f"{alias}_via"


def _cut(name: str) -> str:
    """The name, short enough that a suffix does not fall off: PostgreSQL cuts identifiers, silently."""
    return name.encode()[: _MAX_IDENTIFIER_BYTES - 8].decode(errors="ignore")


def _last_key(target: Field) -> str:
    """What a column is called in the answer: by the last key of its path, if it has one."""
    keys = [step.key for step in target.path if not step.is_index]
    return keys[-1] if keys else target.name
