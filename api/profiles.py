"""The fictional profiles, labelled so wherever they are served."""

from __future__ import annotations

from uuid import UUID

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from api import models
from api.auth import Caller
from api.chats import USERS_ONLY
from api.routing import Resource
from api.services import services

profiles = Resource("Profiles", __name__)

# Private: who is blocked is left out, so one caller's page is not another's.
FIVE_MINUTES = "private, max-age=300"


@profiles.operation(
    "GET",
    "/profiles",
    query=models.ProfilePage,
    headers=("If-None-Match",),
    answers={200: models.Profiles, 304: None},
    refusals={403: USERS_ONLY},
)
def list_profiles(caller: Caller, query: models.ProfilePage) -> ResponseReturnValue:
    """A page of profiles, newest first, without those the caller has blocked."""
    return _cacheable(
        services().db.call(
            "list_profiles",
            repeatable=True,
            user_id=caller.id,
            gender=query.gender,
            cursor=query.cursor,
            limit=query.limit,
        )
    )


@profiles.operation(
    "GET",
    "/profiles/<uuid:profile_id>",
    headers=("If-None-Match",),
    answers={200: models.OneProfile, 304: None},
    refusals={403: USERS_ONLY, 404: ("PROFILE_NOT_FOUND",)},
)
def get_profile(caller: Caller, profile_id: UUID) -> ResponseReturnValue:
    """One profile."""
    return _cacheable(
        services().db.call("get_profile", repeatable=True, user_id=caller.id, profile_id=profile_id)
    )


def _cacheable(body: models.Row) -> ResponseReturnValue:
    response = jsonify(body)
    response.headers["Cache-Control"] = FIVE_MINUTES
    response.headers["Vary"] = "Authorization"
    response.add_etag()
    return response.make_conditional(request)
