"""What the request's headers ask for: Prefer, Accept, Range and the schema profile."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local.rest.catalog import EXPOSED_SCHEMA
from local.rest.errors import ApiError
from local.rest.grammar import Window

_KNOWN_PREFERENCES = {
    "resolution": ("merge-duplicates", "ignore-duplicates"),
    "return": ("representation", "minimal", "headers-only"),
    "count": ("exact", "planned", "estimated"),
    "missing": ("default", "null"),
    "handling": ("strict", "lenient"),
    "tx": ("commit", "rollback"),  # known, and as on a hosted project without effect
}


@dataclass(frozen=True)
class Preferences:
    """The `Prefer` header (RFC 7240). Of a preference given twice the first counts."""

    resolution: str | None = None
    representation: str | None = None
    count: str | None = None
    missing: str | None = None
    handling: str | None = None
    max_affected: int | None = None

    @property
    def row_limit(self) -> int | None:
        """How many rows the request may touch, which counts only when asked strictly."""
        return self.max_affected if self.handling == "strict" else None

    def applied(self, *names: str) -> dict[str, str]:
        """The `Preference-Applied` header, for the preferences among `names` that were given."""
        given = {
            "resolution": self.resolution,
            "missing": self.missing,
            "return": self.representation,
            "count": self.count,
            "handling": self.handling,
            "max-affected": self.row_limit,
        }
        words = [f"{name}={value}" for name, value in given.items() if name in names and value is not None]
        return {"Preference-Applied": ", ".join(words)} if words else {}


def parse_preferences(headers: Iterable[str]) -> Preferences:
    """Raises ApiError PGRST122 for an unknown preference together with `handling=strict`."""
    chosen: dict[str, str] = {}
    unknown = []
    for word in (word.strip() for header in headers for word in header.split(",")):
        name, _, value = word.partition("=")
        if value in _KNOWN_PREFERENCES.get(name, ()) or (name == "max-affected" and value.isdecimal()):
            chosen.setdefault(name, value)
        elif word:
            unknown.append(word)
    if unknown and chosen.get("handling") == "strict":
        details = f"Invalid preferences: {', '.join(unknown)}"
        raise ApiError(400, "PGRST122", "Invalid preferences given with handling=strict", details)
    return Preferences(
        resolution=chosen.get("resolution"),
        representation=chosen.get("return"),
        count=chosen.get("count"),
        missing=chosen.get("missing"),
        handling=chosen.get("handling"),
        max_affected=int(chosen["max-affected"]) if "max-affected" in chosen else None,
    )


@dataclass(frozen=True)
class MediaType:
    """The shape of the answer's body; `single` is one object in place of an array."""

    name: str = "application/json"
    single: bool = False
    strips_nulls: bool = False

    @property
    def content_type(self) -> str:
        return f"{self.name}{';nulls=stripped' if self.strips_nulls else ''}; charset=utf-8"


_MEDIA_TYPES = {
    "*/*": MediaType(),
    "application/*": MediaType(),
    "application/json": MediaType(),
    "application/vnd.pgrst.array+json": MediaType("application/vnd.pgrst.array+json"),
    "application/vnd.pgrst.object+json": MediaType("application/vnd.pgrst.object+json", single=True),
}


def negotiate(accept: str) -> MediaType:
    """The first media type of `accept` that can be served.

    Raises ApiError PGRST107 when there is none.
    """
    for offer in accept.split(",") if accept.strip() else ["*/*"]:
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        media_type = _MEDIA_TYPES.get(name)
        if media_type:
            strips_nulls = "nulls=stripped" in parameters and name.startswith("application/vnd.pgrst.")
            return MediaType(media_type.name, media_type.single, strips_nulls)
    raise ApiError(406, "PGRST107", f"None of these media types are available: {accept}")


def parse_range(header: str | None) -> Window:
    """The rows of a `Range: first-last` header; a malformed one is ignored, as PostgREST does.

    Raises ApiError PGRST103 when it ends before it begins.
    """
    found = re.fullmatch(r"(?:items=)?([0-9]{1,18})-([0-9]{1,18})?", header or "", re.ASCII)
    if not found:
        return Window()
    first = int(found[1])
    if found[2] is None:
        return Window(first)
    if int(found[2]) < first:
        details = "The lower boundary must be lower than or equal to the upper boundary in the Range header."
        raise ApiError(416, "PGRST103", "Requested range not satisfiable", details)
    return Window(first, int(found[2]) - first + 1)


def check_profile(schema: str | None) -> None:
    """Raises ApiError PGRST106 for a schema that is not exposed."""
    if schema not in (None, EXPOSED_SCHEMA):
        hint = f"Only the following schemas are exposed: {EXPOSED_SCHEMA}"
        raise ApiError(406, "PGRST106", f"Invalid schema: {schema}", hint=hint)
