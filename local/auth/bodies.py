"""What requests to Auth carry, read strictly."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from local.auth.errors import AuthError, validation_failed

MIN_PASSWORD_LENGTH = 6
MAX_PASSWORD_BYTES = 72
# The HTML standard's, which is also GoTrue's.
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
DURATION = re.compile(r"(?:(?P<hours>\d+(?:\.\d+)?)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Credentials(Body):
    email: str | None = None
    phone: str | None = None
    password: str | None = None
    data: dict[str, Any] | None = None


class RefreshGrant(Body):
    refresh_token: str = ""


class UserChanges(Body):
    email: str | None = None
    password: str | None = None
    data: dict[str, Any] | None = None


class Recovery(Body):
    email: str = ""


class Verification(Body):
    type: str = ""
    token: str = ""
    token_hash: str = ""
    email: str = ""


class LinkRequest(Body):
    type: str = ""
    email: str = ""
    redirect_to: str | None = None


class AdminUser(Body):
    id: UUID | None = None
    email: str | None = None
    password: str | None = None
    password_hash: str | None = None
    email_confirm: bool = False
    user_metadata: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    role: str | None = None
    ban_duration: str | None = None


class Deletion(Body):
    should_soft_delete: bool = Field(default=False)


Model = TypeVar("Model", bound=Body)


async def read(request: Request, model: type[Model]) -> Model:
    """The request's JSON body. Raises AuthError bad_json where it is none or of other types."""
    body = await request.body()
    # PostgreSQL cannot store the character, neither in text nor in jsonb.
    if rb"\u0000" in body:
        raise AuthError(400, "bad_json", "Could not parse request body as JSON: NUL character")
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise AuthError(400, "bad_json", f"Could not parse request body as JSON: {reason}") from error


def valid_email(email: str) -> str:
    """The e-mail address as Auth keeps it."""
    if len(email) > 255 or not EMAIL.fullmatch(email):
        raise validation_failed("Unable to validate email address: invalid format")
    return email.lower()


def valid_password(password: str) -> str:
    """A password that is neither too short nor longer than bcrypt can hash."""
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise validation_failed(f"Password cannot be longer than {MAX_PASSWORD_BYTES} characters")
    if len(password) < MIN_PASSWORD_LENGTH:
        message = f"Password should be at least {MIN_PASSWORD_LENGTH} characters."
        raise AuthError(422, "weak_password", message, weak_password={"reasons": ["length"]})
    return password


def valid_ban(duration: str) -> timedelta | None:
    """How long a ban lasts, from a duration such as "24h" or "1h30m"; None lifts it."""
    if duration == "none":
        return None
    match = DURATION.fullmatch(duration)
    if not duration or not match:
        raise validation_failed(f'invalid format for ban duration: time: invalid duration "{duration}"')
    return timedelta(**{unit: float(number) for unit, number in match.groupdict(default="0").items()})
