"""From what a query string names to what the schema holds: embedded resources become joins along foreign keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local.rest.catalog import EXPOSED_SCHEMA, Cardinality, Catalog, Function, Parameter, Relationship, Table
from local.rest.errors import ApiError, NotInSchema
from local.rest.grammar import Column, Condition, Embed, OrderTerm, Path, Query, SelectItem, Window


@dataclass
class Node:
    """One resource of a request: the one of the URL, or one embedded in its parent along `relationship`."""

    name: str  # what the request calls it
    table: Table | None  # None for the result of a function that is no table's rows
    select: tuple[SelectItem, ...]
    embed: Embed | None = None
    relationship: Relationship | None = None
    children: "list[Node]" = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    order: tuple[OrderTerm, ...] = ()
    window: Window = field(default_factory=Window)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(item for item in self.select if isinstance(item, Column))

    @property
    def to_one(self) -> bool:
        return self.relationship is not None and self.relationship.to_one

    @property
    def is_inner(self) -> bool:
        return self.embed is not None and self.embed.inner

    def child(self, name: str) -> "Node | None":
        return next((child for child in self.children if child.name == name), None)

    def needed_columns(self) -> tuple[str, ...]:
        """The own columns that the answer reads, with those its embedded resources join on."""
        names = [item.field.name for item in self.columns]
        names += [
            name
            for child in self.children
            if child.relationship
            for name in child.relationship.source_columns
        ]
        names += [term.field.name for term in self.order if term.relation is None]
        return ("*",) if "*" in names else tuple(dict.fromkeys(names))


def find_table(catalog: Catalog, name: str) -> Table:
    """Raises NotInSchema PGRST205."""
    try:
        return catalog.tables[name]
    except KeyError:
        message = f"Could not find the table '{EXPOSED_SCHEMA}.{name}' in the schema cache"
        raise NotInSchema(404, "PGRST205", message) from None


def plan_read(
    catalog: Catalog, name: str, table: Table | None, query: Query, *, max_rows: int | None
) -> Node:
    """The tree of resources that `query` reads, beginning with `name`; none yields more than `max_rows` rows.

    Raises ApiError PGRST108 where a filter, order or limit names what is not embedded, PGRST118 where rows are to
    be ordered by many others, PGRST119 where many rows are to be spread; NotInSchema PGRST200 or PGRST201 where no
    one relationship can be meant.
    """
    root = Node(name, table, query.select)
    _embed_children(catalog, root)
    for path, condition in query.conditions:
        _at(root, path).conditions.append(condition)
    for path, terms in query.orders:
        node = _at(root, path)
        node.order += terms
        _check_related_order(node)
    for path, window in query.windows.items():
        _at(root, path).window = window
    if max_rows is not None:
        _restrict(root, Window(0, max_rows))
    return root


def _embed_children(catalog: Catalog, parent: Node) -> None:
    for item in parent.select:
        if isinstance(item, Embed):
            relationship = _find_relationship(catalog, parent, item)
            if item.spread and not relationship.to_one:
                raise ApiError(
                    400,
                    "PGRST119",
                    f"A spread operation on '{item.relation}' is not possible",
                    f"'{parent.name}' and '{item.relation}' do not form a many-to-one or one-to-one relationship",
                )
            child = Node(item.name, catalog.tables[relationship.target], item.items, item, relationship)
            _embed_children(catalog, child)
            parent.children.append(child)


def _at(root: Node, path: Path) -> Node:
    node = root
    for name in path:
        child = node.child(name)
        if child is None:
            raise ApiError(
                400,
                "PGRST108",
                f"'{name}' is not an embedded resource in this request",
                hint=f"Verify that '{name}' is included in the 'select' query parameter.",
            )
        node = child
    return node


def _check_related_order(node: Node) -> None:
    for term in node.order:
        if term.relation is not None:
            child = _at(node, (term.relation,))
            if not child.to_one:
                raise ApiError(
                    400,
                    "PGRST118",
                    f"A related order on '{child.name}' is not possible",
                    f"'{node.name}' and '{child.name}' do not form a many-to-one or one-to-one relationship",
                )


def _restrict(node: Node, rows: Window) -> None:
    limit = rows.limit if node.window.limit is None else min(node.window.limit, rows.limit or 0)
    node.window = Window(node.window.offset, limit)
    for child in node.children:
        _restrict(child, rows)


def _find_relationship(catalog: Catalog, parent: Node, embed: Embed) -> Relationship:
    origin = parent.table.name if parent.table else parent.name
    candidates = catalog.relationships.get(origin, ())
    found = [relationship for relationship in candidates if _is_meant(relationship, embed)]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(f"'{r.target}!{r.junction.table if r.junction else r.constraint}'" for r in found)
        raise NotInSchema(
            300,
            "PGRST201",
            f"Could not embed because more than one relationship was found for '{origin}' and '{embed.relation}'",
            [_described(relationship) for relationship in found],
            f"Try changing '{embed.relation}' to one of the following: {choices}. "
            "Find the desired relationship in the 'details' key.",
        )
    by_hint = f" using the hint '{embed.hint}'" if embed.hint else ""
    raise NotInSchema(
        400,
        "PGRST200",
        f"Could not find a relationship between '{origin}' and '{embed.relation}' in the schema cache",
        f"Searched for a foreign key relationship between '{origin}' and '{embed.relation}'{by_hint} "
        f"in the schema '{EXPOSED_SCHEMA}', but no matches were found.",
    )


def _is_meant(relationship: Relationship, embed: Embed) -> bool:
    """Whether `relation!hint` can mean `relationship`: a table, a constraint or a column may name it."""
    source_column, target_column = relationship.columns[0] if len(relationship.columns) == 1 else (None, None)
    by_table = embed.relation == relationship.target
    if relationship.source == relationship.target:
        # A table's key to itself makes two relationships: the table's name means the children (with the column as a
        # hint where there are several), the column's the parent.
        if relationship.cardinality is Cardinality.ONE_TO_MANY:
            return by_table and embed.hint in (None, target_column, relationship.constraint)
        return embed.hint is None and embed.relation == source_column and relationship.to_one
    if embed.hint is None:
        return by_table or embed.relation in (relationship.constraint, source_column)
    junction = relationship.junction.table if relationship.junction else None
    return by_table and embed.hint in (relationship.constraint, source_column, target_column, junction)


def _described(relationship: Relationship) -> dict[str, str]:
    def listed(columns: Sequence[str]) -> str:
        return f"({', '.join(columns)})"

    if relationship.junction:
        first, second = relationship.constraint.split(" and ")
        to_source, to_target = (
            [own for own, _ in c] for c in (relationship.junction.to_source, relationship.junction.to_target)
        )
        using = (
            f"{relationship.junction.table} using {first}{listed(to_source)} and {second}{listed(to_target)}"
        )
    else:
        sources, targets = zip(*relationship.columns, strict=True)
        using = (
            f"{relationship.constraint} using {relationship.source}{listed(sources)} "
            f"and {relationship.target}{listed(targets)}"
        )
    return {
        "cardinality": relationship.cardinality.value,
        "embedding": f"{relationship.source} with {relationship.target}",
        "relationship": using,
    }


def find_function(catalog: Catalog, name: str, arguments: Sequence[str], *, has_json_body: bool) -> Function:
    """The overload of `name` that takes just `arguments`, or else (called with a body) one unnamed JSON value.

    Raises NotInSchema PGRST202 when none does, PGRST203 when several do.
    """
    overloads = catalog.functions.get(name, ())
    found = [function for function in overloads if _takes(function, set(arguments))]
    if not found and has_json_body:
        found = [function for function in overloads if takes_whole_body(function)]
    if len(found) == 1:
        return found[0]
    called = f"{EXPOSED_SCHEMA}.{name}"
    if found:
        signatures = ", ".join(
            f"{called}({', '.join(f'{p.name} => {p.type}' for p in function.parameters)})"
            for function in found
        )
        raise NotInSchema(
            300,
            "PGRST203",
            f"Could not choose the best candidate function between: {signatures}",
            hint="Try renaming the parameters or the function itself in the database so function overloading "
            "can be resolved",
        )
    names = ", ".join(sorted(arguments))
    plural = "s" if len(arguments) > 1 else ""
    searched = f" with parameter{plural} {names}" if names else " without parameters"
    or_whole = " or with a single unnamed json/jsonb parameter" if has_json_body else ""
    raise NotInSchema(
        404,
        "PGRST202",
        f"Could not find the function {called}{f'({names})' if names else ' without parameters'} in the schema cache",
        f"Searched for the function {called}{searched}{or_whole}, but no matches were found in the schema cache.",
    )


def _takes(function: Function, arguments: set[str]) -> bool:
    names = {parameter.name for parameter in function.parameters}
    required = {parameter.name for parameter in function.parameters if parameter.required}
    return "" not in names and required <= arguments <= names


def takes_whole_body(function: Function) -> bool:
    """Whether the function has one parameter, unnamed, for the request's JSON body as it is."""
    return len(function.parameters) == 1 and _is_unnamed_json(function.parameters[0])


def _is_unnamed_json(parameter: Parameter) -> bool:
    return not parameter.name and parameter.type in ("json", "jsonb")
