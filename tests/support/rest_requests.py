"""Requests of the scratch schema and their answers: asked of our REST API, and of the oracle we hold it against."""

# By name: the path, and the rows.
READS = {
    "order-limit": ("/books?select=id&order=id.desc&limit=2", [{"id": 4}, {"id": 3}]),
    "offset": ("/books?select=id&order=id&offset=3", [{"id": 4}]),
    "nulls-last": ("/books?select=pages&order=pages.desc.nullslast&limit=1", [{"pages": 450}]),
    "alias-cast": ("/books?select=cost:price::text&id=eq.1", [{"cost": "5.00"}]),
    "cast-of-two-words": ("/books?select=price::double precision&id=eq.1", [{"price": 5}]),
    "json-path": (
        "/authors?select=settings->awards->1->>name,lang:settings->>language&id=eq.1",
        [{"name": "Silver", "lang": "en"}],
    ),
    "json-filter": ("/authors?select=id&settings->>language=in.(fr,de)", [{"id": 2}]),
    "json-order": (
        "/authors?select=id&order=settings->>language.desc.nullslast",
        [{"id": 2}, {"id": 1}, {"id": 3}],
    ),
    "neq-and": ("/books?select=id&pages=gte.100&pages=neq.450&order=id", [{"id": 1}, {"id": 3}]),
    "is-null": ("/books?select=id&pages=is.null", [{"id": 4}]),
    "not": ("/books?select=id&pages=not.is.null&title=not.like.A*&order=id", [{"id": 2}, {"id": 3}]),
    "ilike": ("/books?select=id&title=ilike.*ETA", [{"id": 2}]),
    "match": ("/books?select=id&title=match.^(Al|De)&order=id", [{"id": 1}, {"id": 4}]),
    "in-quoted": ('/books?select=id&title=in.("Gamma, the third",Beta)&order=id', [{"id": 2}, {"id": 3}]),
    "in-nothing": ("/books?select=id&id=in.()", []),
    "isdistinct": ("/books?select=id&pages=isdistinct.100&order=id", [{"id": 2}, {"id": 3}, {"id": 4}]),
    "like-any": ("/books?select=id&title=like(any).{A*,B*}&order=id", [{"id": 1}, {"id": 2}]),
    "array-contains": ('/books?select=id&tags=cs.{"two words"}', [{"id": 3}]),
    "array-overlaps": ("/books?select=id&tags=ov.{old,new}&order=id", [{"id": 1}, {"id": 2}, {"id": 3}]),
    "range-contains": ("/books?select=id&lent=cs.[2026-01-10,2026-01-11]", [{"id": 1}]),
    "text-search": ("/books?select=id&title=plfts(english).gamma", [{"id": 3}]),
    "or": ("/books?select=id&or=(id.eq.4,and(pages.gt.200,price.lt.13))&order=id", [{"id": 2}, {"id": 4}]),
    "not-or": ("/books?select=id&not.or=(id.eq.1,id.eq.2)&order=id", [{"id": 3}, {"id": 4}]),
    "to-one": ("/books?select=writer:author_id(name)&id=eq.1", [{"writer": {"name": "Ann"}}]),
    "to-one-missing": ("/books?select=id,authors!author_id(name)&id=eq.4", [{"id": 4, "authors": None}]),
    "to-many": (
        "/authors?select=name,books!author_id(id)&books.order=id.desc&order=id",
        [
            {"name": "Ann", "books": [{"id": 2}, {"id": 1}]},
            {"name": "Bob", "books": [{"id": 3}]},
            {"name": "Cid", "books": []},
        ],
    ),
    "to-many-limit": (
        "/authors?select=books!author_id(id)&books.order=id&books.limit=1&id=eq.1",
        [{"books": [{"id": 1}]}],
    ),
    "one-to-one": ("/books?select=id,covers(colour)&id=eq.1", [{"id": 1, "covers": {"colour": "red"}}]),
    "many-to-many": (
        "/books?select=genres(name)&genres.order=name&id=eq.1",
        [{"genres": [{"name": "Crime"}, {"name": "Poetry"}]}],
    ),
    "deep": (
        "/authors?select=books!books_author_id_fkey(title,covers(colour))&books.order=id&id=eq.1",
        [{"books": [{"title": "Alpha", "covers": {"colour": "red"}}, {"title": "Beta", "covers": None}]}],
    ),
    "same-table-twice": (
        "/books?select=a:authors!author_id(name),b:authors!editor_id(name)&id=eq.1",
        [{"a": {"name": "Ann"}, "b": {"name": "Bob"}}],
    ),
    "table-in-itself": (
        "/books?select=authors!author_id(books!editor_id(id))&id=eq.1",
        [{"authors": {"books": [{"id": 3}]}}],
    ),
    "self-children": ("/staff?select=id,staff(id)&id=eq.1", [{"id": 1, "staff": [{"id": 2}]}]),
    "self-parent": ("/staff?select=id,manager_id(name)&id=eq.2", [{"id": 2, "manager_id": {"name": "Top"}}]),
    "embedded-filter": (
        "/authors?select=id,books!author_id(id)&books.pages=gt.400&order=id",
        [{"id": 1, "books": [{"id": 2}]}, {"id": 2, "books": []}, {"id": 3, "books": []}],
    ),
    "inner-filter": (
        "/authors?select=id,books!author_id!inner(id)&books.pages=gt.400",
        [{"id": 1, "books": [{"id": 2}]}],
    ),
    "embedded-or": (
        "/authors?select=books!author_id(id)&books.or=(id.eq.1,id.eq.3)&id=eq.1",
        [{"books": [{"id": 1}]}],
    ),
    "has-no-embedded": ("/books?select=id,covers()&covers=is.null&order=id", [{"id": 2}, {"id": 4}]),
    "has-embedded": ("/genres?select=id,books()&books=not.is.null&order=id", [{"id": 1}, {"id": 2}]),
    "spread": (
        "/books?select=id,...authors!author_id(author:name)&order=id&limit=1",
        [{"id": 1, "author": "Ann"}],
    ),
    "related-order": (
        "/books?select=id,authors!author_id()&order=authors(name).desc.nullslast,id",
        [{"id": 3}, {"id": 1}, {"id": 2}, {"id": 4}],
    ),
    "embedded-count": ("/authors?select=books!author_id(count)&id=eq.1", [{"books": [{"count": 2}]}]),
    "computed-column": ("/books?select=title_length&id=eq.1", [{"title_length": 5}]),
    "view": ("/long_books?select=title", [{"title": "Beta"}]),
    "odd-names": (
        '/odd "table%?select="a b-c","{brace}","100%",answer,embedded&"100%"=eq.all',
        [{"a b-c": "x", "{brace}": "{y}", "100%": "all", "answer": "yes", "embedded": "no"}],
    ),
    "nothing-selected": ("/genres?select=", [{}, {}]),
}


# By name: the path, the status and the code.
READ_REFUSALS = {
    "unknown-table": ("/nix", 404, "PGRST205"),
    "unknown-relationship": ("/books?select=staff(id)", 400, "PGRST200"),
    "unknown-hint": ("/books?select=authors!nix(id)", 400, "PGRST200"),
    "two-relationships": ("/books?select=authors(id)", 300, "PGRST201"),
    "unknown-column": ("/books?select=nix", 400, "42703"),
    "unknown-cast": ("/books?select=id::nix", 400, "42704"),
    "not-an-operator": ("/books?id=1", 400, "PGRST100"),
    "not-of-the-type": ("/books?id=eq.x", 400, "22P02"),
    "not-embedded": ("/books?covers.id=eq.1", 400, "PGRST108"),
    "order-by-many": ("/authors?select=books!author_id(id)&order=books(id)", 400, "PGRST118"),
    "spread-of-many": ("/authors?select=...books!author_id(id)", 400, "PGRST119"),
    "aggregate": ("/books?select=pages.sum()", 400, "PGRST123"),
    "count-aggregate": ("/books?select=count()", 400, "PGRST123"),
    "negative-limit": ("/books?limit=-1", 416, "PGRST103"),
    "nul": ("/books?title=eq.\0", 400, "22021"),
    "other-path": ("/books/1", 404, "PGRST125"),
    "root": ("/", 404, "PGRST125"),
}


# By name: the arguments, the path, and the answer.
CALLS = {
    "default": ({"a": 1}, "/rpc/add", 11),
    "all-arguments": ({"a": 1, "b": 2}, "/rpc/add", 3),
    "overload-by-names": ({"x": 1, "y": 2}, "/rpc/overloaded", "ints 1 2"),
    "other-overload": ({"x": 1}, "/rpc/overloaded", "int 1"),
    "variadic": ({"numbers": [1, 2, 3]}, "/rpc/total", 6),
    "whole-body": ([1, {"a": 2}], "/rpc/whole_body", [1, {"a": 2}]),
    "set-of-scalars": ({"p_id": 2}, "/rpc/ids_above", [3, 4]),
    "set-of-rows": (
        {"p_author": 1},
        "/rpc/books_of?select=id,authors!author_id(name)&pages=gt.200",
        [{"id": 2, "authors": {"name": "Ann"}}],
    ),
    "row": ({"p_id": 1}, "/rpc/one_book?select=title", {"title": "Alpha"}),
    "table": ({}, "/rpc/summary", [{"books": 4, "pages": 850}]),
    "out-parameters": ({"x": 2}, "/rpc/in_and_out", {"x": 2, "doubled": 4}),
}
