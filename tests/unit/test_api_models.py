"""What a request may hold: the seed's validation, and what would hurt further in."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from api import models

SIGN_UP = {
    "name": "john_doe",
    "password": "correct horse",
    "displayName": "John",
    "location": "Nairobi",
    "gender": "male",
    "lookingFor": "female",
    "age": 25,
    "acceptsFictionalProfiles": True,
}


def accepts(model: type[BaseModel], body: dict[str, Any]) -> bool:
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", ["john", "john_doe", "abc", "a" * 20, "123", "___"])
def test_names_of_small_letters_digits_and_underscores_are_accepted(name: str) -> None:
    assert accepts(models.SignUp, {**SIGN_UP, "name": name})


@pytest.mark.parametrize(
    "name", ["john doe", "jo", "a" * 21, "John", "jöhn", "john\n", "", "john@x", None, 5]
)
def test_other_names_are_refused(name: object) -> None:
    assert not accepts(models.SignUp, {**SIGN_UP, "name": name})


@pytest.mark.parametrize("age", [18, 25, 100])
def test_ages_from_18_to_100_are_accepted(age: int) -> None:
    assert accepts(models.SignUp, {**SIGN_UP, "age": age})


@pytest.mark.parametrize("age", [17, 101, -1, 0, 18.5, "25", None, True, 10**30])
def test_other_ages_are_refused(age: object) -> None:
    assert not accepts(models.SignUp, {**SIGN_UP, "age": age})


@pytest.mark.parametrize("email", ["john@fantooo.com", "olga@staff.example"])
def test_an_email_address_is_accepted_for_signing_in(email: str) -> None:
    assert accepts(models.SignIn, {"email": email, "password": "x"})


@pytest.mark.parametrize("email", ["notanemail", "@fantooo.com", "john@", "john @x.com", "a@b@c", ""])
def test_what_is_no_email_address_is_refused(email: str) -> None:
    assert not accepts(models.SignIn, {"email": email, "password": "x"})


def test_one_signs_in_by_name_or_by_email_and_not_by_both_or_neither() -> None:
    assert accepts(models.SignIn, {"name": "john", "password": "x"})
    assert not accepts(models.SignIn, {"password": "x"})
    assert not accepts(models.SignIn, {"name": "john", "email": "john@fantooo.com", "password": "x"})


@pytest.mark.parametrize(
    ("password", "good"), [("x" * 7, False), ("x" * 8, True), ("x" * 72, True), ("x" * 73, False)]
)
def test_a_password_has_8_characters_to_72_bytes(password: str, good: bool) -> None:
    assert accepts(models.SignUp, {**SIGN_UP, "password": password}) is good


def test_a_password_is_measured_in_bytes_as_bcrypt_does() -> None:
    assert accepts(models.SignUp, {**SIGN_UP, "password": "é" * 36})
    assert not accepts(models.SignUp, {**SIGN_UP, "password": "é" * 37})


@pytest.mark.parametrize("field", ["password", "displayName", "location"])
def test_text_with_nul_or_half_a_surrogate_pair_is_refused(field: str) -> None:
    for text in ("nul \0 within", "half \ud83d of a pair"):
        assert not accepts(models.SignUp, {**SIGN_UP, field: text})


def test_fields_nobody_knows_are_ignored_in_a_request_and_refused_in_a_change() -> None:
    assert accepts(models.SignUp, {**SIGN_UP, "newsletter": True})
    assert not accepts(models.SettingsChange, {"freeMesages": 5})
    assert not accepts(models.ProfileChange, {"isFictional": False})


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (1_700_000_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_500.0, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        ("2023-11-14T22:13:20Z", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-15T01:13:20+03:00", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_a_moment_is_milliseconds_or_iso_8601(moment: object, expected: datetime) -> None:
    assert (
        models.Heartbeat.model_validate_json(json.dumps({"lastActivity": moment})).last_activity == expected
    )


@pytest.mark.parametrize(
    "moment", [None, True, "yesterday", "2023-11-14T22:13:20", "", 1e300, -1e300, [], {}]
)
def test_what_is_no_moment_is_refused(moment: object) -> None:
    assert not accepts(models.Heartbeat, {"lastActivity": moment})


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text())
def test_no_moment_whatever_breaks_the_reader(moment: object) -> None:
    body = {"chatId": str(uuid.uuid4()), "lastActivity": moment}
    try:
        read = models.Heartbeat.model_validate_json(json.dumps(body))
    except ValidationError:
        return
    assert read.last_activity.tzinfo is not None


@pytest.mark.parametrize("path", ["/", "/chat/7", "/chat?x=1", "/a/../b", "/caf%C3%A9"])
def test_a_path_of_the_app_is_followed(path: str) -> None:
    assert models.is_path_within_app(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "/a\nb",
        "/a\\b",
        "/\tx",
        "x",
    ],
)
def test_a_path_that_leads_out_of_the_app_is_not(path: str) -> None:
    assert not models.is_path_within_app(path)
