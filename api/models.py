"""What requests hold and answers look like. Requests are camelCase; rows in answers keep their column names."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel

NAME = r"^[a-z0-9_]{3,20}$"
BCRYPT_LIMIT = 72  # bytes; what is beyond would not count, so it is refused


def _without_nul(text: str) -> str:
    # PostgreSQL cannot keep it. Lone surrogates, which it cannot keep either, are not valid JSON to begin with.
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _fits_bcrypt(password: str) -> str:
    if len(password.encode()) > BCRYPT_LIMIT:
        raise ValueError(f"should have at most {BCRYPT_LIMIT} bytes")
    return password


def _moment(value: object) -> object:
    """A JavaScript time stamp (milliseconds) as well as an ISO 8601 one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            raise ValueError("is not a time") from None
    return _iso_moment(value)


def _iso_moment(value: object) -> object:
    """An ISO 8601 time stamp: pydantic would take a bare number, too, for seconds or milliseconds by its size."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("is not a time") from None
    return value


def _iso_date(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("is not a date") from None
    return value


Text = Annotated[str, AfterValidator(_without_nul)]
Gender = Literal["male", "female"]
Age = Annotated[int, Field(ge=18, le=100)]
Email = Annotated[Text, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320, examples=["olga@staff.example"])]
NewPassword = Annotated[
    Text,
    Field(
        min_length=8,
        max_length=BCRYPT_LIMIT,
        description="8 characters to 72 bytes",
        examples=["correct horse battery"],
    ),
    AfterValidator(_fits_bcrypt),
]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment, json_schema_input_type=float | AwareDatetime),
    Field(description="Milliseconds since 1970, or ISO 8601 with a time zone"),
]
IsoMoment = Annotated[AwareDatetime, BeforeValidator(_iso_moment)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
MessageText = Annotated[
    Text,
    Field(
        max_length=20_000,
        description="1 to 5000 characters after cleaning",
        examples=["Hello! How was your day?"],
    ),
]
Picture = Annotated[
    Text, Field(pattern=r"^https://", max_length=2000, examples=["https://images.example/amina.jpg"])
]
Int = Annotated[int, Field(ge=0, le=2**31 - 1)]
Row = dict[str, Any]


class Body(BaseModel):
    """A request's JSON body. Fields nobody knows are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, hide_input_in_errors=True)


class Patch(Body):
    """A change of some fields. A field nobody knows is refused: leaving it out in silence would be a change not made."""

    model_config = ConfigDict(extra="forbid")


class Query(BaseModel):
    """A request's query string."""

    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)


class Answer(BaseModel):
    """A response's JSON body. Rows may gain columns."""

    model_config = ConfigDict(extra="allow")


# Accounts


class SignUp(Body):
    name: Annotated[
        Text,
        Field(
            pattern=NAME,
            description="Becomes name@fantooo.com, the address to sign in with",
            examples=["john_doe"],
        ),
    ]
    password: NewPassword
    display_name: Annotated[Text, Field(min_length=1, max_length=50)]
    location: Annotated[Text, Field(min_length=1, max_length=100)]
    gender: Gender
    looking_for: Gender
    age: Age
    accepts_fictional_profiles: bool = Field(
        False,
        description="Whether the user has acknowledged the disclosure; without it no message can be sent",
    )


class SignIn(Body):
    """Who one is: by e-mail address or, for users, by name."""

    email: Email | None = None
    name: Annotated[Text, Field(pattern=NAME, examples=["john_doe"])] | None = None
    password: Annotated[Text, Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _says_who(self) -> SignIn:
        if (self.email is None) == (self.name is None):
            raise ValueError("give either email or name")
        return self


class Callback(Query):
    code: Annotated[Text, Field(max_length=500)] | None = None
    next: Annotated[Text, Field(max_length=2000)] = "/"


class Session(Answer):
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    expires_at: int


class SignedIn(Answer):
    session: Session
    user: Row
    role: Literal["real_user", "operator", "admin"]


class Account(Answer):
    user: Row
    role: Literal["real_user", "operator", "admin"]


# Chats, messages, profiles


class NewChat(Body):
    fictional_user_id: UUID


class NewMessage(Body):
    chat_id: UUID
    content: MessageText
    client_message_id: UUID | None = Field(
        None, description="Made by the client: sending it again sends nothing and charges nothing"
    )
    sender_id: UUID | None = Field(None, description="Not needed; refused if it is not the caller")


class ChatPage(Query):
    before: (
        Annotated[IsoMoment, Field(description="last_message_at of the last chat of the page before")] | None
    ) = None
    limit: int = Field(50, ge=1, le=100)


class MessagePage(Query):
    after: (
        Annotated[int, Field(ge=0, le=2**31 - 1, description="Messages after this seq, oldest first")] | None
    ) = None
    before: Annotated[int, Field(ge=0, le=2**31 - 1, description="The page before this seq")] | None = None
    limit: int = Field(50, ge=1, le=200)


class ProfilePage(Query):
    gender: Gender | None = Field(None, description="Unset: whom the user is looking for")
    cursor: Annotated[Text, Field(max_length=200, description="nextCursor of the page before")] | None = None
    limit: int = Field(20, ge=1, le=100)


class Profile(Answer):
    id: UUID
    name: str
    age: int
    location: str
    profile_pictures: list[str]
    is_fictional: Literal[True]


class Profiles(Answer):
    profiles: list[Profile]
    nextCursor: str | None


class OneProfile(Answer):
    profile: Profile


class Chat(Answer):
    id: UUID
    real_user_id: UUID | None
    fictional_user_id: UUID | None
    is_active: bool


class OneChat(Answer):
    chat: Chat


class Chats(Answer):
    chats: list[Chat]


class Message(Answer):
    id: UUID
    chat_id: UUID
    seq: int
    sender_type: Literal["real", "fictional"]
    content: str
    is_free_message: bool
    created_at: datetime


class Sent(Answer):
    message: Message
    credits: int


class Answered(Answer):
    message: Message


class Messages(Answer):
    messages: list[Message]
    last_seq: int
    has_more: bool


class Queue(Answer):
    waiting: int
    oldest_wait_seconds: float | None
    free_operators: int
    median_wait_seconds: float | None


class Disclosure(Answer):
    version: str
    text: str


# Operators


class Heartbeat(Body):
    chat_id: UUID | None = None
    last_activity: Moment


class OperatorMessage(Body):
    chat_id: UUID
    content: MessageText
    client_message_id: UUID | None = None


class HeldChat(Body):
    chat_id: UUID


class Availability(Body):
    available: bool


class Notes(Patch):
    chat_id: UUID
    real_profile_notes: Annotated[Text, Field(max_length=10_000)] | None = None
    fictional_profile_notes: Annotated[Text, Field(max_length=10_000)] | None = None
    version: Annotated[
        int,
        Field(
            ge=0, le=2**31 - 1, description="What the notes were read at; 409 when they have changed since"
        ),
    ]


class DateRange(Query):
    from_: IsoDate | None = Field(None, alias="from", description="First day; unset: 29 days before the last")
    to: IsoDate | None = Field(None, description="Last day; unset: today (UTC)")

    def bounds(self) -> dict[str, date]:
        """The first and the last day, as SQL functions name them."""
        last = self.to or datetime.now(UTC).date()
        # The first days of the calendar have no 29 before them.
        days = min(timedelta(days=29), last - date.min)
        return {"from": self.from_ or last - days, "to": last}


class Assigned(Answer):
    chat: Chat | None = None
    message: str | None = None


class Beat(Answer):
    state: Literal["waiting", "active", "warning", "released"]
    seconds_left: int | None
    chat_id: UUID | None
    is_available: bool


class Released(Answer):
    released: Literal[True]
    reassigned: bool


class OperatorState(Answer):
    is_available: bool
    released_chat_id: UUID | None
    waiting: bool


class SavedNotes(Answer):
    notes: Row


class OperatorStats(Answer):
    stats: list[Row]


# Payments


class Purchase(Body):
    package_id: Annotated[Text, Field(pattern=r"^[a-z0-9-]{1,40}$", examples=["credits-10"])]


class PaymentReference(Body):
    reference: Annotated[Text, Field(pattern=r"^[A-Za-z0-9.=_-]{1,100}$")]


class Package(Answer):
    id: str
    credits: int
    price_minor: int
    currency: str


class Packages(Answer):
    packages: list[Package]


class Checkout(Answer):
    reference: str
    access_code: str
    authorization_url: str
    public_key: str
    amount_minor: int
    currency: str
    email: str
    credits: int


class PaymentState(Answer):
    reference: str
    status: Literal["pending", "success", "failed"]
    granted: int
    credits: int
    reason: str | None


# Admin


class NewStaff(Body):
    name: Annotated[Text, Field(min_length=1, max_length=100)]
    email: Email
    password: NewPassword


class NewAdmin(NewStaff):
    is_super_admin: bool = False


class NewProfile(Body):
    name: Annotated[Text, Field(min_length=1, max_length=50)]
    age: Age
    gender: Gender
    location: Annotated[Text, Field(min_length=1, max_length=100)]
    bio: Annotated[Text, Field(max_length=2000)] | None = None
    profile_pictures: Annotated[list[Picture], Field(max_length=10)] = []
    is_active: bool = True


class ProfileChange(Patch):
    name: Annotated[Text, Field(min_length=1, max_length=50)] | None = None
    age: Age | None = None
    gender: Gender | None = None
    location: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    bio: Annotated[Text, Field(max_length=2000)] | None = None
    profile_pictures: Annotated[list[Picture], Field(max_length=10)] | None = None
    is_active: bool | None = None


class Suspension(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=1000)]


class CreditAdjustment(Body):
    delta: Annotated[int, Field(ge=-1_000_000, le=1_000_000, description="Negative to take")]
    note: Annotated[Text, Field(min_length=1, max_length=1000)]
    request_id: UUID | None = Field(None, description="Made by the client: asking again changes nothing")


class Reassignment(Body):
    operator_id: UUID | None = Field(None, description="Unset: whoever is free")


class Resolution(Body):
    resolution: Annotated[Text, Field(min_length=1, max_length=1000)]


class SettingsChange(Patch):
    free_messages: Int | None = None
    messages_per_minute: Int | None = None
    idle_warning_seconds: Int | None = None
    idle_release_seconds: Int | None = None
    lost_operator_seconds: Int | None = None
    answer_within_seconds: Int | None = None
    idle_releases_before_pause: Int | None = None
    unanswered_refund_seconds: Int | None = None
    email_domain: Text | None = None
    disclosure_version: Text | None = None
    disclosure_text: Text | None = None
    currency: Text | None = None


class TimedPage(Query):
    """A page of a list, newest first; fields of its kinds are filters."""

    before: (
        Annotated[IsoMoment, Field(description="The time of the last entry of the page before")] | None
    ) = None
    limit: int = Field(50, ge=1, le=100)


class ProfileFilters(TimedPage):
    is_active: bool | None = None
    gender: Gender | None = None


class UserFilters(TimedPage):
    is_active: bool | None = None
    name: Annotated[Text, Field(max_length=20, description="The beginning of a name")] | None = None


class ChatFilters(TimedPage):
    is_active: bool | None = None
    waiting: bool | None = None
    assigned: bool | None = None
    operator_id: UUID | None = None
    user_id: UUID | None = None
    profile_id: UUID | None = None


class ReportFilters(TimedPage):
    resolved: bool | None = None


class PaymentFilters(TimedPage):
    status: Literal["pending", "success", "failed"] | None = None
    user_id: UUID | None = None
    reference: Annotated[Text, Field(max_length=100)] | None = None
    shortfall: Annotated[bool, Field(description="Whether a reversal found the credits spent")] | None = None


class AuditFilters(Query):
    before: (
        Annotated[int, Field(ge=0, le=2**63 - 1, description="The id of the last entry of the page before")]
        | None
    ) = None
    limit: int = Field(50, ge=1, le=100)
    admin_id: UUID | None = None
    action: Annotated[Text, Field(max_length=100)] | None = None
    target_id: Annotated[Text, Field(max_length=100)] | None = None


class Operators(Answer):
    operators: list[Row]


class OneOperator(Answer):
    operator: Row


class OneAdmin(Answer):
    admin: Row


class AdminProfiles(Answer):
    profiles: list[Profile]


class Users(Answer):
    users: list[Row]


class Reports(Answer):
    reports: list[Row]


class OneReport(Answer):
    report: Row


class Payments(Answer):
    payments: list[Row]


class AuditLog(Answer):
    entries: list[Row]


class PlatformStats(Answer):
    totals: Row
    series: list[Row]


class Settings(Answer):
    settings: Row


class AdjustedCredits(Answer):
    user_id: UUID
    credits: int


class Changed(Answer):
    """What it was done to, and how that stands now."""


# The rest


class Received(Answer):
    received: Literal[True]


class Health(Answer):
    status: Literal["ok"]


class JobResult(Answer):
    job: str


class Error(Answer):
    error: str = Field(description="For people")
    code: str = Field(description="For programs")
    request_id: str | None


def is_path_within_app(path: str) -> bool:
    """Whether a browser sent to APP_URL + `path` stays with our app: no other host by //, \\\\ or control characters."""
    return re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", path) is not None
