"""The query language, without a server."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local.rest.errors import ApiError
from local.rest.grammar import (
    MAX_NESTING,
    Column,
    Embed,
    Field,
    Filter,
    JsonStep,
    Logic,
    OrderTerm,
    Query,
    Window,
    parse,
)
from local.rest.headers import negotiate, parse_preferences, parse_range


def select(text: str) -> tuple[Column | Embed, ...]:
    return parse([("select", text)]).select


def condition(key: str, value: str) -> Filter | Logic:
    [(_, parsed)] = parse([(key, value)]).conditions
    return parsed


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("*", (Column(Field("*")),)),
        ("id, name", (Column(Field("id")), Column(Field("name")))),
        ("shown:id::text", (Column(Field("id"), alias="shown", cast="text"),)),
        ('"a,b.c"', (Column(Field("a,b.c")),)),
        ('"with ""', None),
        (r'"say \"hi\""', (Column(Field('say "hi"')),)),
        ("kebab-case", (Column(Field("kebab-case")),)),
        (
            "data->list->>-1",
            (Column(Field("data", (JsonStep("list", False, False), JsonStep("-1", True, True)))),),
        ),
        ("rel()", (Embed("rel", ()),)),
        (
            "*,a:rel!fk!inner(id,deep(*))",
            (
                Column(Field("*")),
                Embed(
                    "rel",
                    (Column(Field("id")), Embed("deep", (Column(Field("*")),))),
                    alias="a",
                    hint="fk",
                    inner=True,
                ),
            ),
        ),
        ("...rel(x)", (Embed("rel", (Column(Field("x")),), spread=True),)),
        ("id,", None),
        ("rel(id", None),
        ("id::", None),
        ("(id)", None),
    ],
)
def test_select_is_read_as_columns_and_embedded_resources(
    text: str, items: tuple[Column | Embed, ...] | None
) -> None:
    if items is None:
        with pytest.raises(ApiError, match="failed to parse select parameter"):
            select(text)
    else:
        assert select(text) == items


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("eq.1", Filter(Field("x"), "eq", "1")),
        ("eq.", Filter(Field("x"), "eq", "")),
        ("eq.a.b,(c)", Filter(Field("x"), "eq", "a.b,(c)")),
        ("not.gte.2", Filter(Field("x"), "gte", "2", negated=True)),
        ("like(any).{a*,b*}", Filter(Field("x"), "like", "{a*,b*}", quantifier="any")),
        ("is.NULL", Filter(Field("x"), "is", "null")),
        ("not.is.true", Filter(Field("x"), "is", "true", negated=True)),
        ("in.(1,2)", Filter(Field("x"), "in", values=("1", "2"))),
        ("in.()", Filter(Field("x"), "in", values=())),
        (r'in.("a,b","c\"d",e f)', Filter(Field("x"), "in", values=("a,b", 'c"d', "e f"))),
        ("wfts(english).cat or dog", Filter(Field("x"), "wfts", "cat or dog", language="english")),
        ("isdistinct.5", Filter(Field("x"), "isdistinct", "5")),
        ("noop.1", None),
        ("is.maybe", None),
        ("in.1,2", None),
        ("cs(any).{1}", None),
        ("", None),
    ],
)
def test_a_filter_is_an_operator_and_its_value(value: str, expected: Filter | None) -> None:
    if expected is None:
        with pytest.raises(ApiError) as refused:
            condition("x", value)
        assert (refused.value.status, refused.value.code) == (400, "PGRST100")
    else:
        assert condition("x", value) == expected


def test_logic_nests_and_negates() -> None:
    one, two, three = (Filter(Field(name), "eq", name) for name in "abc")
    assert condition("or", "(a.eq.a,and(b.eq.b,c.eq.c))") == Logic("or", (one, Logic("and", (two, three))))
    assert condition("not.and", "(a.eq.a,not.or(b.eq.b))") == Logic(
        "and", (one, Logic("or", (two,), negated=True)), negated=True
    )


def test_a_value_within_logic_ends_at_a_comma_unless_quoted_or_an_array() -> None:
    assert condition("or", '(a.eq."x,y",b.cs.{1,2},c.in.(1,2),a.eq.)') == Logic(
        "or",
        (
            Filter(Field("a"), "eq", "x,y"),
            Filter(Field("b"), "cs", "{1,2}"),
            Filter(Field("c"), "in", values=("1", "2")),
            Filter(Field("a"), "eq", ""),
        ),
    )


def test_parameters_of_embedded_resources_carry_their_path() -> None:
    parsed = parse(
        [("a.b.id", "eq.1"), ("a.or", "(x.eq.1)"), ("a.order", "x.desc"), ("a.limit", "3"), ("offset", "2")]
    )
    assert [path for path, _ in parsed.conditions] == [("a", "b"), ("a",)]
    assert parsed.orders == ((("a",), (OrderTerm(Field("x"), direction="desc"),)),)
    assert parsed.windows == {("a",): Window(0, 3), (): Window(2, None)}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a", (OrderTerm(Field("a")),)),
        (
            "a.desc.nullslast,b.asc",
            (OrderTerm(Field("a"), None, "desc", "last"), OrderTerm(Field("b"), None, "asc")),
        ),
        ("a.nullsfirst", (OrderTerm(Field("a"), nulls="first"),)),
        ("rel(a).desc", (OrderTerm(Field("a"), "rel", "desc"),)),
        ("d->>k.desc", (OrderTerm(Field("d", (JsonStep("k", False, True),)), None, "desc"),)),
        ("a.descc", None),
        ("a.nullslast.desc", None),
        ("", None),
    ],
)
def test_order_is_a_list_of_terms(text: str, terms: tuple[OrderTerm, ...] | None) -> None:
    if terms is None:
        with pytest.raises(ApiError, match="failed to parse order"):
            parse([("order", text)])
    else:
        assert parse([("order", text)]).orders == (((), terms),)


def test_a_get_of_a_function_takes_what_is_no_filter_as_argument() -> None:
    parameters = [("p_id", "5"), ("p_text", "eq is a word"), ("id", "gt.1"), ("select", "id")]
    parsed = parse(parameters, function_arguments=True)
    assert parsed.arguments == (("p_id", "5"), ("p_text", "eq is a word"))
    assert [c.field.name for _, c in parsed.conditions if isinstance(c, Filter)] == ["id"]


def test_a_refusal_says_where_the_text_stops_making_sense() -> None:
    with pytest.raises(ApiError) as refused:
        condition("id", "noop.0")
    assert refused.value.message == '"failed to parse filter (noop.0)" (line 1, column 1)'
    assert refused.value.details == 'unexpected "n" expecting "not" or operator (eq, gt, ...)'


@pytest.mark.parametrize(
    ("key", "open_", "close"),
    [("select", "a(", ")"), ("or", "(and(", "x.eq.1))"), ("or", "(and", "(x.eq.1))")],
)
def test_no_request_nests_deeper_than_the_limit(key: str, open_: str, close: str) -> None:
    with pytest.raises(ApiError, match="failed to parse"):
        parse([(key, open_ * 5000 + close * 5000)])
    assert parse([("select", "a(" * MAX_NESTING + "b" + ")" * MAX_NESTING)]).select


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=4))
@example([("select", "a(b"), ("or", "((("), ("in", "in.(")])
def test_any_text_is_parsed_or_refused(parameters: list[tuple[str, str]]) -> None:
    try:
        assert isinstance(parse(parameters), Query)
    except ApiError as refusal:
        assert refusal.status in (400, 416)


hostile = st.text(alphabet="\"'\\;%{}()$-.,: \tab1é", min_size=1, max_size=12)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(hostile)
def test_any_name_survives_quoting(name: str) -> None:
    assert select(quoted(name)) == (Column(Field(name)),)
    assert condition("or", f"({quoted(name)}.eq.1)") == Logic("or", (Filter(Field(name), "eq", "1"),))


@given(st.lists(hostile, min_size=1, max_size=4).filter(lambda values: values != [""]))
def test_any_list_of_values_survives_quoting(values: list[str]) -> None:
    assert condition("x", f"in.({','.join(map(quoted, values))})") == Filter(
        Field("x"), "in", values=tuple(values)
    )


def test_of_a_preference_given_twice_the_first_counts() -> None:
    preferences = parse_preferences(["return=minimal, count=exact", "return=representation"])
    assert (preferences.representation, preferences.count) == ("minimal", "exact")


def test_unknown_preferences_are_refused_only_when_handled_strictly() -> None:
    assert parse_preferences(["respond-async"]).handling is None
    with pytest.raises(ApiError) as refused:
        parse_preferences(["respond-async, handling=strict"])
    assert refused.value.code == "PGRST122"


def test_the_first_media_type_that_can_be_served_is() -> None:
    assert negotiate("text/html, application/vnd.pgrst.object+json;nulls=stripped").content_type == (
        "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"
    )
    assert negotiate("").content_type == negotiate("*/*").content_type == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("header", "window"), [("0-9", Window(0, 10)), ("5-", Window(5)), (None, Window()), ("bytes=x", Window())]
)
def test_a_range_header_is_a_window(header: str | None, window: Window) -> None:
    assert parse_range(header) == window


def test_a_window_within_another_holds_the_rows_of_both() -> None:
    assert Window(2, 10).within(Window(5, 3)) == Window(5, 3)
    assert Window(0, 4).within(Window(2)) == Window(2, 2)
    assert Window(0, 2).within(Window(5, 1)) == Window(5, 0)
