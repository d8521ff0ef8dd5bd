"""What admins do. Each function checks that the caller is one, and keeps a record of what it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import models
from api.auth import Caller
from api.routing import Resource
from api.services import services

admin = Resource("Admin", __name__)

ADMINS_ONLY = {403: ("NOT_AN_ADMIN",)}


def call(function: str, caller: Caller, /, **arguments: Any) -> models.Row:
    return services().db.call(function, admin_id=caller.id, **arguments)


def page(function: str, caller: Caller, query: models.TimedPage | models.AuditFilters) -> models.Row:
    return services().db.call(
        function,
        repeatable=True,
        admin_id=caller.id,
        filters=query.model_dump(mode="json", exclude_none=True, exclude={"before", "limit"}),
        before=query.before,
        limit=query.limit,
    )


# Operators and admins


@admin.operation("GET", "/admin/operators", answers={200: models.Operators}, refusals=ADMINS_ONLY)
def list_operators(caller: Caller) -> models.Row:
    """Every operator with their live state."""
    return services().db.call("admin_list_operators", repeatable=True, admin_id=caller.id)


STAFF_REFUSALS = {
    400: ("WEAK_PASSWORD",),
    403: ("NOT_AN_ADMIN",),
    409: ("NAME_TAKEN", "HAS_ANOTHER_ROLE"),
    503: ("AUTH_UNAVAILABLE",),
}


@admin.operation(
    "POST",
    "/admin/operators",
    body=models.NewStaff,
    answers={201: models.OneOperator},
    refusals=STAFF_REFUSALS,
)
def create_operator(caller: Caller, body: models.NewStaff) -> tuple[models.Row, int]:
    """Make an account for a new operator, who can sign in with this e-mail address and password."""

    def make(user_id: str) -> models.Row:
        return call("create_operator", caller, user_id=user_id, name=body.name, email=body.email)

    return _with_auth_user(caller, body, make), 201


@admin.operation(
    "POST",
    "/admin/admins",
    body=models.NewAdmin,
    answers={201: models.OneAdmin},
    refusals={**STAFF_REFUSALS, 403: ("NOT_AN_ADMIN", "NOT_A_SUPER_ADMIN")},
)
def create_admin(caller: Caller, body: models.NewAdmin) -> tuple[models.Row, int]:
    """Make an account for a new admin. Only super admins may."""

    def make(user_id: str) -> models.Row:
        return call(
            "create_admin",
            caller,
            user_id=user_id,
            name=body.name,
            email=body.email,
            is_super_admin=body.is_super_admin,
        )

    return _with_auth_user(caller, body, make), 201


def _with_auth_user(caller: Caller, body: models.NewStaff, make: Callable[[str], models.Row]) -> models.Row:
    _require_admin(caller)  # before anything is made at Auth's
    with services().auth.new_user(body.email, body.password, {}) as user_id:
        return make(user_id)


def _require_admin(caller: Caller) -> None:
    # Any admin function refuses a caller who is none; this one changes nothing.
    services().db.call("get_settings", repeatable=True, admin_id=caller.id)


@admin.operation(
    "POST",
    "/admin/operators/<uuid:operator_id>/deactivate",
    answers={200: models.Changed},
    refusals={**ADMINS_ONLY, 404: ("OPERATOR_NOT_FOUND",)},
)
def deactivate_operator(caller: Caller, operator_id: UUID) -> models.Row:
    """Shut an operator out at once. The chat they hold goes to another, or back to its place."""
    return call("deactivate_operator", caller, operator_id=operator_id)


@admin.operation(
    "POST",
    "/admin/operators/<uuid:operator_id>/reactivate",
    answers={200: models.Changed},
    refusals={**ADMINS_ONLY, 404: ("OPERATOR_NOT_FOUND",)},
)
def reactivate_operator(caller: Caller, operator_id: UUID) -> models.Row:
    """Let an operator work again."""
    return call("reactivate_operator", caller, operator_id=operator_id)


@admin.operation(
    "GET",
    "/admin/operators/<uuid:operator_id>/stats",
    query=models.DateRange,
    answers={200: models.OperatorStats},
    refusals={**ADMINS_ONLY, 404: ("OPERATOR_NOT_FOUND",)},
)
def operator_stats(caller: Caller, operator_id: UUID, query: models.DateRange) -> models.Row:
    """What an operator did each day (UTC)."""
    _require_admin(caller)
    return services().db.call(
        "operator_daily_stats", repeatable=True, operator_id=operator_id, **query.bounds()
    )


# Profiles


@admin.operation(
    "GET",
    "/admin/profiles",
    query=models.ProfileFilters,
    answers={200: models.AdminProfiles},
    refusals=ADMINS_ONLY,
)
def list_all_profiles(caller: Caller, query: models.ProfileFilters) -> models.Row:
    """A page of profiles, newest first, inactive ones too."""
    return page("admin_list_profiles", caller, query)


@admin.operation(
    "POST", "/admin/profiles", body=models.NewProfile, answers={201: models.OneProfile}, refusals=ADMINS_ONLY
)
def create_profile(caller: Caller, body: models.NewProfile) -> tuple[models.Row, int]:
    """Make a fictional profile. Pictures are https addresses."""
    return call("save_profile", caller, profile_id=None, profile=body.model_dump()), 201


@admin.operation(
    "PATCH",
    "/admin/profiles/<uuid:profile_id>",
    body=models.ProfileChange,
    answers={200: models.OneProfile},
    refusals={**ADMINS_ONLY, 404: ("PROFILE_NOT_FOUND",)},
)
def change_profile(caller: Caller, profile_id: UUID, body: models.ProfileChange) -> models.Row:
    """Change a profile. What is left out stays; an inactive one is no longer shown."""
    return call("save_profile", caller, profile_id=profile_id, profile=body.model_dump(exclude_unset=True))


# Users


@admin.operation(
    "GET", "/admin/users", query=models.UserFilters, answers={200: models.Users}, refusals=ADMINS_ONLY
)
def list_users(caller: Caller, query: models.UserFilters) -> models.Row:
    """A page of users, newest first."""
    return page("admin_list_users", caller, query)


USER_REFUSALS = {**ADMINS_ONLY, 404: ("USER_NOT_FOUND",)}


@admin.operation(
    "POST",
    "/admin/users/<uuid:user_id>/suspend",
    body=models.Suspension,
    answers={200: models.Changed},
    refusals=USER_REFUSALS,
)
def suspend_user(caller: Caller, user_id: UUID, body: models.Suspension) -> models.Row:
    """Shut a user out at once. Their chats leave the queue, and unanswered credits come back."""
    return call("suspend_user", caller, user_id=user_id, reason=body.reason)


@admin.operation(
    "POST", "/admin/users/<uuid:user_id>/reinstate", answers={200: models.Changed}, refusals=USER_REFUSALS
)
def reinstate_user(caller: Caller, user_id: UUID) -> models.Row:
    """Let a suspended user in again."""
    return call("reinstate_user", caller, user_id=user_id)


@admin.operation(
    "POST",
    "/admin/users/<uuid:user_id>/credits",
    body=models.CreditAdjustment,
    answers={200: models.AdjustedCredits},
    refusals={**USER_REFUSALS, 409: ("BALANCE_TOO_LOW", "IDEMPOTENCY_CONFLICT")},
)
def adjust_credits(caller: Caller, user_id: UUID, body: models.CreditAdjustment) -> models.Row:
    """Give or take credits, with a note. With a requestId, asking again changes nothing."""
    return call(
        "adjust_credits",
        caller,
        user_id=user_id,
        delta=body.delta,
        note=body.note,
        request_id=body.request_id,
    )


# Chats


@admin.operation(
    "GET", "/admin/chats", query=models.ChatFilters, answers={200: models.Chats}, refusals=ADMINS_ONLY
)
def list_all_chats(caller: Caller, query: models.ChatFilters) -> models.Row:
    """The chat monitor: a page of chats, the last written in first."""
    return page("admin_list_chats", caller, query)


CHAT_REFUSALS = {**ADMINS_ONLY, 404: ("CHAT_NOT_FOUND",)}


@admin.operation(
    "POST",
    "/admin/chats/<uuid:chat_id>/reassign",
    body=models.Reassignment,
    answers={200: models.Changed},
    refusals={
        **ADMINS_ONLY,
        404: ("CHAT_NOT_FOUND", "OPERATOR_NOT_FOUND"),
        409: ("CHAT_CLOSED", "OPERATOR_NOT_FREE"),
    },
)
def reassign_chat(caller: Caller, chat_id: UUID, body: models.Reassignment) -> models.Row:
    """Give a chat to a certain operator, or to whoever is free."""
    return call("reassign_chat", caller, chat_id=chat_id, operator_id=body.operator_id)


@admin.operation(
    "POST", "/admin/chats/<uuid:chat_id>/close", answers={200: models.Changed}, refusals=CHAT_REFUSALS
)
def close_chat(caller: Caller, chat_id: UUID) -> models.Row:
    """End a chat. What was paid and not answered comes back."""
    return call("close_chat", caller, chat_id=chat_id)


@admin.operation(
    "POST", "/admin/chats/<uuid:chat_id>/reopen", answers={200: models.Changed}, refusals=CHAT_REFUSALS
)
def reopen_chat(caller: Caller, chat_id: UUID) -> models.Row:
    """Let a closed chat go on."""
    return call("reopen_chat", caller, chat_id=chat_id)


# Reports, payments, statistics, settings, records


@admin.operation(
    "GET", "/admin/reports", query=models.ReportFilters, answers={200: models.Reports}, refusals=ADMINS_ONLY
)
def list_reports(caller: Caller, query: models.ReportFilters) -> models.Row:
    """A page of message reports, newest first, each with its message."""
    return page("admin_list_reports", caller, query)


@admin.operation(
    "POST",
    "/admin/reports/<uuid:report_id>/resolve",
    body=models.Resolution,
    answers={200: models.OneReport},
    refusals={**ADMINS_ONLY, 404: ("REPORT_NOT_FOUND",)},
)
def resolve_report(caller: Caller, report_id: UUID, body: models.Resolution) -> models.Row:
    """Say how a report was dealt with."""
    return call("resolve_report", caller, report_id=report_id, resolution=body.resolution)


@admin.operation(
    "GET",
    "/admin/payments",
    query=models.PaymentFilters,
    answers={200: models.Payments},
    refusals=ADMINS_ONLY,
)
def list_payments(caller: Caller, query: models.PaymentFilters) -> models.Row:
    """A page of purchases, newest first."""
    return page("admin_list_payments", caller, query)


@admin.operation(
    "GET", "/admin/stats", query=models.DateRange, answers={200: models.PlatformStats}, refusals=ADMINS_ONLY
)
def platform_stats(caller: Caller, query: models.DateRange) -> models.Row:
    """How things stand, and what happened each day (UTC)."""
    return services().db.call("admin_platform_stats", repeatable=True, admin_id=caller.id, **query.bounds())


@admin.operation("GET", "/admin/settings", answers={200: models.Settings}, refusals=ADMINS_ONLY)
def get_settings(caller: Caller) -> models.Row:
    """The rules an admin may change."""
    return services().db.call("get_settings", repeatable=True, admin_id=caller.id)


@admin.operation(
    "PATCH",
    "/admin/settings",
    body=models.SettingsChange,
    answers={200: models.Settings},
    refusals=ADMINS_ONLY,
)
def update_settings(caller: Caller, body: models.SettingsChange) -> models.Row:
    """Change some of the rules; those left out stay."""
    return call("update_settings", caller, changes=body.model_dump(exclude_unset=True))


@admin.operation(
    "GET", "/admin/audit", query=models.AuditFilters, answers={200: models.AuditLog}, refusals=ADMINS_ONLY
)
def list_audit_log(caller: Caller, query: models.AuditFilters) -> models.Row:
    """A page of what admins did, newest first."""
    return page("admin_list_audit", caller, query)
