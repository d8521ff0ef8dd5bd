"""Null, unknown, too long, the wrong role, somebody else's: each function refuses with its documented code, and nothing changes."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from tests.sql.test_errors import FUNCTIONS, RAISED, documented
from tests.sql.world import World, acting_as
from tests.support.database import Database, refused

STATUS = {code: int(status[2:]) for text in FUNCTIONS.values() for status, code in RAISED.findall(text)}
LONG = "x" * 10_001
TODAY = date(2026, 1, 2)


@dataclass(frozen=True)
class Name:
    """Somebody or something of the world, by what it is called there."""

    text: str


def n(text: str) -> Name:
    return Name(text)


# function: (code, arguments…). Functions for browsers begin with who calls.
CASES: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    "adjust_credits": [
        ("NOT_AN_ADMIN", (None, n("user"), 1, "note")),
        ("NOT_AN_ADMIN", (n("operator"), n("user"), 1, "note")),
        ("USER_NOT_FOUND", (n("admin"), n("unknown"), 1, "note")),
        ("USER_NOT_FOUND", (n("admin"), None, 1, "note")),
        ("INVALID_INPUT", (n("admin"), n("user"), 0, "note")),
        ("INVALID_INPUT", (n("admin"), n("user"), None, "note")),
        ("INVALID_INPUT", (n("admin"), n("user"), 1_000_001, "note")),
        ("INVALID_INPUT", (n("admin"), n("user"), 1, None)),
        ("INVALID_INPUT", (n("admin"), n("user"), 1, "<b></b>")),
        ("INVALID_INPUT", (n("admin"), n("user"), 1, LONG)),
        ("BALANCE_TOO_LOW", (n("admin"), n("user"), -1000, "note")),
        ("IDEMPOTENCY_CONFLICT", (n("admin"), n("user"), 1, "note", n("used_request"))),
    ],
    "admin_list_audit": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"admin_id": "x"}')), ("INVALID_INPUT", (n("admin"), "{}", None, 0))],
    "admin_list_chats": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"waiting": "perhaps"}')), ("INVALID_INPUT", (n("admin"), "{}", None, 201))],
    "admin_list_operators": [("NOT_AN_ADMIN", (n("operator"),)), ("NOT_AN_ADMIN", (None,))],
    "admin_list_payments": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"user_id": "x"}')), ("INVALID_INPUT", (n("admin"), "{}", None, None))],
    "admin_list_profiles": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"is_active": "x"}')), ("INVALID_INPUT", (n("admin"), "{}", None, -1))],
    "admin_list_reports": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"resolved": "x"}')), ("INVALID_INPUT", (n("admin"), "{}", None, 0))],
    "admin_list_users": [("NOT_AN_ADMIN", (n("user"),)), ("INVALID_INPUT", (n("admin"), '{"is_active": "x"}')), ("INVALID_INPUT", (n("admin"), "{}", None, 0))],
    "admin_platform_stats": [
        ("NOT_AN_ADMIN", (n("user"), TODAY, TODAY)),
        ("INVALID_INPUT", (n("admin"), None, TODAY)),
        ("INVALID_INPUT", (n("admin"), TODAY, date(2020, 1, 1))),
        ("INVALID_INPUT", (n("admin"), date(2020, 1, 1), TODAY)),
    ],
    "assign_chat_to_operator": [
        ("NOT_AN_OPERATOR", (None,)),
        ("NOT_AN_OPERATOR", (n("admin"),)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"),)),
        ("OPERATOR_NOT_AVAILABLE", (n("resting_operator"),)),
        ("ALREADY_ASSIGNED", (n("operator"),)),
    ],
    "assign_next_chat": [
        ("NOT_AN_OPERATOR", (n("user"),)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"),)),
        ("OPERATOR_NOT_AVAILABLE", (n("resting_operator"),)),
        ("ALREADY_ASSIGNED", (n("operator"),)),
    ],
    "claim_payments_to_check": [("INVALID_INPUT", (0,)), ("INVALID_INPUT", (1001,)), ("INVALID_INPUT", (None,))],
    "close_chat": [("NOT_AN_ADMIN", (n("operator"), n("held"))), ("CHAT_NOT_FOUND", (n("admin"), n("unknown")))],
    "complete_and_continue": [
        ("NOT_AN_OPERATOR", (n("user"), n("held"))),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), n("held"))),
        ("CHAT_NOT_ASSIGNED", (n("free_operator"), n("held"))),
    ],
    "complete_chat": [
        ("NOT_AN_OPERATOR", (n("user"), n("held"))),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), n("held"))),
        ("CHAT_NOT_ASSIGNED", (n("free_operator"), n("held"))),
        ("CHAT_NOT_ASSIGNED", (n("operator"), n("waiting"))),
        ("CHAT_NOT_ASSIGNED", (n("operator"), None)),
    ],
    "create_admin": [
        ("NOT_A_SUPER_ADMIN", (None, n("nobody"), "Name", "a@b.example")),
        ("NOT_A_SUPER_ADMIN", (n("admin"), n("nobody"), "Name", "a@b.example")),
        ("USER_NOT_FOUND", (n("super_admin"), n("unknown"), "Name", "a@b.example")),
        ("HAS_ANOTHER_ROLE", (n("super_admin"), n("operator"), "Name", "a@b.example")),
        ("INVALID_INPUT", (n("super_admin"), n("nobody"), "", "a@b.example")),
        ("INVALID_INPUT", (n("super_admin"), n("nobody"), "Name", "not an address")),
    ],
    "create_operator": [
        ("NOT_AN_ADMIN", (n("operator"), n("nobody"), "Name", "a@b.example")),
        ("USER_NOT_FOUND", (n("admin"), n("unknown"), "Name", "a@b.example")),
        ("HAS_ANOTHER_ROLE", (n("admin"), n("user"), "Name", "a@b.example")),
        ("INVALID_INPUT", (n("admin"), n("nobody"), LONG, "a@b.example")),
        ("INVALID_INPUT", (n("admin"), n("nobody"), "Name", None)),
    ],
    "create_payment": [
        ("NOT_A_REAL_USER", (n("operator"), "credits-10")),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"), "credits-10")),
        ("PACKAGE_NOT_FOUND", (n("user"), "credits-11")),
        ("PACKAGE_NOT_FOUND", (n("user"), "credits-7")),
        ("PACKAGE_NOT_FOUND", (n("user"), None)),
    ],
    "deactivate_operator": [
        ("NOT_AN_ADMIN", (n("operator"), n("operator"))),
        ("OPERATOR_NOT_FOUND", (n("admin"), n("user"))),
    ],
    "fail_payment": [("PAYMENT_NOT_FOUND", ("unknown", "DECLINED")), ("PAYMENT_NOT_FOUND", (None, "DECLINED"))],
    "find_admin": [("NOT_AN_ADMIN", ("nobody@nowhere.example",)), ("NOT_AN_ADMIN", (None,))],
    "get_account": [("USER_NOT_FOUND", (n("nobody"),)), ("USER_NOT_FOUND", (None,))],
    "get_operator_chat": [
        ("NOT_AN_OPERATOR", (n("user"),)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"),)),
    ],
    "get_profile": [
        ("NOT_A_REAL_USER", (n("admin"), n("profile"))),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"), n("profile"))),
        ("PROFILE_NOT_FOUND", (n("user"), n("retired"))),
        ("PROFILE_NOT_FOUND", (n("user"), None)),
    ],
    "get_settings": [("NOT_AN_ADMIN", (n("user"),))],
    "receive_payment_event": [("INVALID_INPUT", (None, True)), ("INVALID_INPUT", (b"{}", None))],
    "record_job_run": [("INVALID_INPUT", (None, "{}")), ("INVALID_INPUT", ("", "{}"))],
    "handle_payment_event": [("EVENT_NOT_FOUND", (-1, "test")), ("EVENT_NOT_FOUND", (None, "test"))],
    "list_chats": [
        ("NOT_A_REAL_USER", (n("operator"),)),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"),)),
        ("INVALID_INPUT", (n("user"), None, 101)),
    ],
    "list_messages": [
        ("CHAT_NOT_FOUND", (n("other_user"), n("held"))),
        ("CHAT_NOT_FOUND", (n("free_operator"), n("held"))),
        ("CHAT_NOT_FOUND", (None, n("held"))),
        ("CHAT_NOT_FOUND", (n("user"), None)),
        ("INVALID_INPUT", (n("user"), n("held"), None, None, 0)),
        ("INVALID_INPUT", (n("user"), n("held"), -1)),
        ("INVALID_INPUT", (n("user"), n("held"), None, -2_147_483_648)),
    ],
    "list_profiles": [
        ("NOT_A_REAL_USER", (n("operator"),)),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"),)),
        ("INVALID_INPUT", (n("user"), "other")),
        ("INVALID_INPUT", (n("user"), None, "made up")),
        ("INVALID_INPUT", (n("user"), None, str(uuid.UUID(int=0)))),
        ("INVALID_INPUT", (n("user"), None, None, 101)),
    ],
    "open_chat": [
        ("NOT_A_REAL_USER", (n("operator"), n("profile"))),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"), n("profile"))),
        ("PROFILE_NOT_FOUND", (n("user"), n("retired"))),
        ("PROFILE_NOT_FOUND", (n("user"), None)),
        ("PROFILE_BLOCKED", (n("user"), n("blocked_profile"))),
    ],
    "operator_daily_stats": [
        ("OPERATOR_NOT_FOUND", (n("user"), TODAY, TODAY)),
        ("INVALID_INPUT", (n("operator"), None, TODAY)),
        ("INVALID_INPUT", (n("operator"), date(2020, 1, 1), TODAY)),
    ],
    "payment_of": [
        ("NOT_A_REAL_USER", (n("operator"), n("reference"))),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"), n("reference"))),
        ("PAYMENT_NOT_FOUND", (n("other_user"), n("reference"))),
        ("INVALID_INPUT", (n("user"), None)),
        ("INVALID_INPUT", (n("user"), "a reference; drop table")),
    ],
    "reactivate_operator": [
        ("NOT_AN_ADMIN", (n("deactivated_operator"), n("deactivated_operator"))),
        ("OPERATOR_NOT_FOUND", (n("admin"), n("unknown"))),
    ],
    "reassign_chat": [
        ("NOT_AN_ADMIN", (n("operator"), n("held"))),
        ("CHAT_NOT_FOUND", (n("admin"), n("unknown"))),
        ("CHAT_CLOSED", (n("admin"), n("closed"))),
        ("OPERATOR_NOT_FOUND", (n("admin"), n("waiting"), n("user"))),
        ("OPERATOR_NOT_FREE", (n("admin"), n("waiting"), n("operator"))),
        ("OPERATOR_NOT_FREE", (n("admin"), n("waiting"), n("resting_operator"))),
    ],
    "record_heartbeat": [
        ("NOT_AN_OPERATOR", (n("user"),)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"),)),
        ("CHAT_NOT_FOUND", (n("free_operator"), n("waiting"))),
    ],
    "reinstate_user": [
        ("NOT_AN_ADMIN", (n("suspended_user"), n("suspended_user"))),
        ("USER_NOT_FOUND", (n("admin"), n("operator"))),
    ],
    "release_and_reassign_chat": [
        ("CHAT_NOT_FOUND", (n("unknown"), "why")),
        ("INVALID_INPUT", (n("held"), None)),
    ],
    "release_chat": [
        ("NOT_AN_OPERATOR", (n("user"), n("held"))),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), n("held"))),
        ("CHAT_NOT_ASSIGNED", (n("free_operator"), n("held"))),
    ],
    "reopen_chat": [("NOT_AN_ADMIN", (n("user"), n("closed"))), ("CHAT_NOT_FOUND", (n("admin"), None))],
    "resolve_report": [
        ("NOT_AN_ADMIN", (n("user"), n("report"), "fine")),
        ("REPORT_NOT_FOUND", (n("admin"), n("unknown"), "fine")),
        ("INVALID_INPUT", (n("admin"), n("report"), LONG)),
        ("INVALID_INPUT", (n("admin"), n("report"), None)),
    ],
    "reverse_payment": [
        ("INVALID_INPUT", (None, "refund:1", "refund", 1, "done")),
        ("INVALID_INPUT", (n("reference"), "", "refund", 1, "done")),
        ("INVALID_INPUT", (n("reference"), "refund:1", "gift", 1, "done")),
        ("INVALID_INPUT", (n("reference"), "refund:1", "refund", 0, "done")),
        ("INVALID_INPUT", (n("reference"), "refund:1", "refund", 1, None)),
    ],
    "save_chat_notes": [
        ("NOT_AN_OPERATOR", (n("user"), n("held"), 1, "a", "b")),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), n("held"), 1, "a", "b")),
        ("CHAT_NOT_ASSIGNED", (n("operator"), n("waiting"), 1, "a", "b")),
        ("NOTES_CHANGED", (n("operator"), n("held"), 99, "a", "b")),
        ("INVALID_INPUT", (n("operator"), n("held"), None, "a", "b")),
        ("INVALID_INPUT", (n("operator"), n("held"), 1, LONG, None)),
    ],
    "save_profile": [
        ("NOT_AN_ADMIN", (n("operator"), None, "{}")),
        ("PROFILE_NOT_FOUND", (n("admin"), n("unknown"), "{}")),
        ("INVALID_INPUT", (n("admin"), None, "{}")),
        ("INVALID_INPUT", (n("admin"), n("profile"), '{"age": 17}')),
        ("INVALID_INPUT", (n("admin"), n("profile"), '{"age": "old"}')),
        ("INVALID_INPUT", (n("admin"), n("profile"), '{"name": null}')),
        ("INVALID_INPUT", (n("admin"), n("profile"), '{"profile_pictures": ["javascript:alert(1)"]}')),
    ],
    "send_operator_message": [
        ("EMPTY_MESSAGE", (n("operator"), n("held"), None)),
        ("MESSAGE_TOO_LONG", (n("operator"), n("held"), LONG)),
        ("NOT_AN_OPERATOR", (n("user"), n("held"), "hi")),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), n("held"), "hi")),
        ("CHAT_NOT_ASSIGNED", (n("free_operator"), n("held"), "hi")),
        ("CHAT_NOT_ASSIGNED", (n("operator"), None, "hi")),
        ("IDEMPOTENCY_CONFLICT", (n("operator"), n("held"), "something else", n("used_answer"))),
    ],
    "send_user_message": [
        ("EMPTY_MESSAGE", (n("user"), n("held"), " ")),
        ("MESSAGE_TOO_LONG", (n("user"), n("held"), LONG)),
        ("NOT_A_REAL_USER", (n("operator"), n("held"), "hi")),
        ("NOT_A_REAL_USER", (None, n("held"), "hi")),
        ("ACCOUNT_SUSPENDED", (n("suspended_user"), n("suspended_chat"), "hi")),
        ("CHAT_NOT_FOUND", (n("other_user"), n("held"), "hi")),
        ("CHAT_NOT_FOUND", (n("user"), None, "hi")),
        ("CHAT_CLOSED", (n("user"), n("closed"), "hi")),
        ("PROFILE_BLOCKED", (n("blocker"), n("blocked_chat"), "hi")),
        ("DISCLOSURE_REQUIRED", (n("newcomer"), n("new_chat"), "hi")),
        ("INSUFFICIENT_CREDITS", (n("poor"), n("poor_chat"), "hi")),
        ("RATE_LIMITED", (n("fast"), n("fast_chat"), "hi")),
        ("IDEMPOTENCY_CONFLICT", (n("poor"), n("poor_chat"), "something else", n("used_message"))),
    ],
    "set_operator_availability": [
        ("NOT_AN_OPERATOR", (n("user"), True)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"), True)),
        ("INVALID_INPUT", (n("operator"), None)),
    ],
    "settle_payment": [
        ("INVALID_INPUT", (None, 10_000, "KES")),
        ("INVALID_INPUT", (n("reference"), 10_000, "KES", '{"reference": "another", "status": "success"}')),
        ("WRONG_MODE", (n("reference"), 10_000, "KES", n("test_charge"), "live")),
        ("PAYMENT_NOT_FOUND", (n("reference"), 10_000, "KES", None, None, n("other_user"))),
        ("PAYMENT_NOT_FOUND", ("unknown", 10_000, "KES", None, None, n("user"))),
    ],
    "suspend_user": [
        ("NOT_AN_ADMIN", (n("operator"), n("user"), "spam")),
        ("USER_NOT_FOUND", (n("admin"), n("operator"), "spam")),
        ("INVALID_INPUT", (n("admin"), n("user"), None)),
        ("INVALID_INPUT", (n("admin"), n("user"), LONG)),
    ],
    "update_settings": [
        ("NOT_AN_ADMIN", (n("operator"), '{"free_messages": 100}')),
        ("INVALID_INPUT", (n("admin"), None)),
        ("INVALID_INPUT", (n("admin"), "[]")),
        ("INVALID_INPUT", (n("admin"), '{"id": false}')),
        ("INVALID_INPUT", (n("admin"), '{"made_up": 1}')),
        ("INVALID_INPUT", (n("admin"), '{"free_messages": -1}')),
        ("INVALID_INPUT", (n("admin"), '{"free_messages": "many"}')),
        ("INVALID_INPUT", (n("admin"), '{"free_messages": null}')),
        ("INVALID_INPUT", (n("admin"), '{"idle_warning_seconds": 301}')),
        ("INVALID_INPUT", (n("admin"), '{"email_domain": "not a domain"}')),
        ("INVALID_INPUT", (n("admin"), '{"disclosure_text": ""}')),
        ("INVALID_INPUT", (n("admin"), '{"currency": "shilling"}')),
    ],
}  # fmt: skip

BROWSER_CASES: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    "accept_disclosure": [
        ("DISCLOSURE_OUTDATED", (n("user"), None)),
        ("NOT_A_REAL_USER", (n("suspended_user"), "1")),
    ],
    "block_profile": [
        ("NOT_A_REAL_USER", (n("suspended_user"), n("profile"))),
        ("PROFILE_NOT_FOUND", (n("user"), n("unknown"))),
    ],
    "get_assigned_chat": [
        ("NOT_AN_OPERATOR", (n("user"),)),
        ("OPERATOR_INACTIVE", (n("deactivated_operator"),)),
    ],
    "mark_messages_read": [
        ("CHAT_NOT_FOUND", (n("other_user"), n("held"), 1)),
        ("CHAT_NOT_FOUND", (n("suspended_user"), n("suspended_chat"), 1)),
        ("INVALID_INPUT", (n("user"), n("held"), None)),
    ],
    "my_credit_history": [("INVALID_INPUT", (n("user"), 0))],
    "report_message": [
        ("MESSAGE_NOT_FOUND", (n("other_user"), n("answer"), "rude")),
        ("MESSAGE_NOT_FOUND", (n("user"), None, "rude")),
        ("INVALID_INPUT", (n("user"), n("answer"), LONG)),
    ],
}
# Triggers: test_people and test_ledger.
TRIGGERS = {"handle_new_user", "handle_deleted_user"}


@pytest.fixture(scope="module")
def names(world: World) -> dict[str, Any]:
    """The people of the world, and what else the cases speak of."""
    db, ids = world.db, world.ids
    call, value = db.owner.call, db.owner.value
    used = {name: uuid.uuid4() for name in ("used_request", "used_answer", "used_message")}
    found: dict[str, Any] = {
        **ids,
        **used,
        "nobody": ids["account_without_a_role"],
        "unknown": uuid.uuid4(),
        "resting_operator": db.operator("rosa"),
        "newcomer": db.user(accepted=False),
        "poor": db.user(),
        "fast": db.user(credits=100),
        "held": value("select id from public.chats where assigned_operator_id = %s", ids["operator"]),
        "waiting": value("select id from public.chats where waiting_since is not null and real_user_id = %s", ids["other_user"]),
        "profile": db.profile(),
        "retired": value("select id from public.fictional_users where not is_active"),
        "blocked_profile": value(
            "select b.fictional_user_id from public.blocks b where b.real_user_id = %s", ids["user"]
        ),
        "blocked_chat": value(
            "select c.id from public.chats c join public.blocks b using (real_user_id, fictional_user_id)"
            " where c.real_user_id = %s", ids["blocker"]
        ),
        "suspended_chat": value("select id from public.chats where real_user_id = %s", ids["suspended_user"]),
        "closed": db.chat(ids["user"]),
        "report": value("select id from public.message_reports where reporter_id = %s", ids["user"]),
        "answer": value("select message_id from public.message_reports where reporter_id = %s", ids["user"]),
        "reference": call("create_payment", ids["user"], "credits-10")["reference"],
    }  # fmt: skip
    found["test_charge"] = f'{{"reference": "{found["reference"]}", "status": "success", "domain": "test"}}'
    for person in ("newcomer", "poor", "fast"):
        found[f"{person.removesuffix('comer')}_chat"] = db.chat(found[person])
    call("close_chat", ids["admin"], found["closed"])
    call("adjust_credits", ids["admin"], ids["other_user"], 1, "note", found["used_request"])
    call("send_operator_message", ids["operator"], found["held"], "hi", found["used_answer"])
    for _ in range(3):
        call("send_user_message", found["poor"], found["poor_chat"], "hi", used["used_message"])
        used["used_message"] = uuid.uuid4()
    for _ in range(30):
        call("send_user_message", found["fast"], found["fast_chat"], "hi")
    return found


@pytest.fixture(scope="module")
def untouched(world: World, names: dict[str, Any]) -> str:
    """The fingerprint of every row there is."""
    return fingerprint(world.db)


def fingerprint(db: Database) -> str:
    tables = db.owner.rows(
        "select format('select %L as name, t::text as line from public.%I t', relname, relname) as query"
        " from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
    )
    union = " union all ".join(row["query"] for row in tables)
    found: str = db.owner.conn.execute(
        f"select md5(string_agg(name || line, '|' order by name, line)) as all from ({union}) as rows".encode()
    ).fetchone()["all"]  # type: ignore[index]
    return found


def resolved(names: dict[str, Any], arguments: tuple[Any, ...]) -> list[Any]:
    return [names[argument.text] if isinstance(argument, Name) else argument for argument in arguments]


@pytest.mark.parametrize("function", CASES)
def test_bad_input_is_refused_and_changes_nothing(
    world: World, names: dict[str, Any], untouched: str, function: str
) -> None:
    for code, arguments in CASES[function]:
        with refused(code, STATUS[code]):
            world.db.owner.call(function, *resolved(names, arguments))
    assert fingerprint(world.db) == untouched


@pytest.mark.parametrize("function", BROWSER_CASES)
def test_bad_input_from_a_browser_is_refused_and_changes_nothing(
    world: World, names: dict[str, Any], untouched: str, function: str
) -> None:
    for code, (caller, *arguments) in BROWSER_CASES[function]:
        with refused(code, STATUS[code]), acting_as(world.db.owner, names[caller.text]) as browser:
            browser.call(function, *resolved(names, tuple(arguments)))
    assert fingerprint(world.db) == untouched


def test_every_documented_refusal_of_every_function_has_a_case(world: World) -> None:
    functions = {
        row["proname"]
        for row in world.db.owner.rows(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        )
    }
    documented_codes = {(name, code) for name in functions - TRIGGERS for _, code in documented(name)}
    tried = {
        (name, code)
        for cases in (CASES, BROWSER_CASES)
        for name, listed in cases.items()
        for code, _ in listed
    }
    assert tried == documented_codes
