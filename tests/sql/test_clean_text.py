"""private.clean_text: text as typed, without tags and control characters. Design 3.13."""

import re
import unicodedata

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.database import Database

CLEAN = "select private.clean_text(%s)"
# What PostgreSQL can hold; seasoned with what tags are made of.
TYPED = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
    | st.sampled_from("<>/!-ab \n\t&;\"'=\u0301\x07\x85"),
    max_size=40,
)
TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize(
    "text",
    [
        "I <3 you",
        "a < b && c > d",
        "1 < 2",
        "<3 <3 <3",
        "x<- y ->",
        "👩‍👩‍👧 ❤️ 🇰🇪",
        "Nakupenda sana! Ça va? Ω",
        "line one\nline two\n\n  indented",
        "tab\there",
        "5 > 3 and 3 < 5",
        "&lt;b&gt; stays as it was typed",
        "a <",
        "שלום مرحبا",
    ],
)
def test_text_survives_as_typed(shared: Database, text: str) -> None:
    assert shared.owner.value(CLEAN, text) == text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<b>bold</b>", "bold"),
        ("<script>alert(1)</script>", "alert(1)"),
        ('<img src=x onerror="alert(1)">hi', "hi"),
        ("<scr<b>ipt>alert(1)</scr</b>ipt>", "alert(1)"),
        ("<<b>b>x", "x"),
        ("a<!-- hidden -->b", "ab"),
        ("</p>x", "x"),
        ("<!DOCTYPE html>x", "x"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("c1\x85control", "c1control"),
        ("a\r\nb", "a\nb"),
        ("e\u0301", "é"),
        ("e\x07\u0301", "é"),
        ("e<b>\u0301", "é"),
        ("  trimmed \n", "trimmed"),
        ("\u00a0", ""),
        ("\u200b\u200d\ufeff", ""),
        (None, ""),
        ("", ""),
    ],
)
def test_what_is_no_text_goes(shared: Database, typed: str | None, kept: str) -> None:
    assert shared.owner.value(CLEAN, typed) == kept


def test_whatever_is_typed_comes_out_clean_and_stays_so(shared: Database) -> None:
    @given(TYPED)
    @example("<<a>a>")
    @example("<a\x07>")
    @example("<\u00adb>x</b>")
    @example("\x07 a \x07")
    @example("<b> </b>x")
    @example("a\x07\u0301")
    @example("a<b>\u0301")
    @example("\u00a0<b> x")
    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(typed: str) -> None:
        clean = shared.owner.value(CLEAN, typed)
        assert not TAG.search(clean)
        assert not CONTROL.search(clean)
        assert unicodedata.is_normalized("NFC", clean)
        assert clean == clean.strip(" \t\n\u00a0")
        assert shared.owner.value(CLEAN, clean) == clean

    check()


def test_text_without_a_bracket_or_a_control_character_is_only_normalized_and_trimmed(
    shared: Database,
) -> None:
    shows_something = st.characters(
        exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"], exclude_characters="<"
    )

    @given(st.text(shows_something | st.just(" "), min_size=1, max_size=40))
    @settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(typed: str) -> None:
        assert shared.owner.value(CLEAN, typed) == unicodedata.normalize("NFC", typed).strip(" ")

    check()


def test_a_null_byte_is_refused_before_it_gets_here(shared: Database) -> None:
    with pytest.raises((psycopg.DataError, psycopg.OperationalError)):
        shared.owner.value(CLEAN, "a\x00b")


def test_the_length_counts_after_cleaning(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    sent = db.owner.call("send_user_message", user, chat, "<b>" + "é" * 5000 + "</b>")
    assert sent["message"]["content"] == "é" * 5000
