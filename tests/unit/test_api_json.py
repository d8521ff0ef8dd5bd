"""What Flask's answers look like as JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from api.json import Json

app = Flask("answers")
written = Json(app)


def test_it_is_compact_in_the_order_given_and_utf_8() -> None:
    row = {
        "z": "Ngũgĩ 🙂",
        "a": UUID(int=7),
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "amount": Decimal("12.50"),
        "none": None,
        "not a number": float("nan"),
    }
    expected = (
        '{"z":"Ngũgĩ 🙂","a":"00000000-0000-0000-0000-000000000007","at":"2026-01-02T03:04:05Z",'
        '"amount":"12.50","none":null,"not a number":null}'
    )
    assert written.dumps(row) == expected
    with app.app_context():
        answer = written.response(row)
    assert (answer.get_data(as_text=True), answer.mimetype) == (expected, "application/json")
    assert written.loads(expected)["z"] == "Ngũgĩ 🙂"


def test_what_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(ValueError, match="Unable to serialize"):
        written.dumps({"connection": object()})
