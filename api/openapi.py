"""The OpenAPI 3.1 document, written from the declarations that requests are checked against."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import models
from api.routing import Access, Operation, operations

VERSION = "0.1.0"
REF = "#/components/schemas/{model}"
JSON = "application/json"

DESCRIPTIONS = {
    200: "Done",
    201: "Made",
    204: "Done, nothing to tell",
    302: "Go there",
    304: "Not changed since the copy you have",
    400: "The request is not valid",
    401: "Not signed in, or not with a good token",
    402: "Not enough credits",
    403: "Not allowed to this caller",
    404: "Not found",
    409: "In conflict with what is there",
    413: "The body is too large",
    415: "The body is not application/json",
    429: "Too many requests; Retry-After says when to come back",
    500: "Our fault; quote the request_id",
    502: "A service we depend on answered something we cannot use",
    503: "Not available just now; Retry-After says when to come back",
}


def document(app: Flask) -> dict[str, Any]:
    """What `app` serves, as an OpenAPI document; the same bytes for the same code."""
    declared = operations(app)
    schemas = _Schemas(declared)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in declared:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
        paths.setdefault(path, {})[method] = _operation(rule, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fantooo",
            "version": VERSION,
            "description": "Chats with fictional profiles, answered by operators. "
            "Sign in to get an access token, and send it as bearer token.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "user": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cron": {"type": "http", "scheme": "bearer", "description": "CRON_SECRET"},
            },
        },
    }


class _Schemas:
    """The JSON schemas of every model in use, under components."""

    def __init__(self, declared: list[tuple[str, str, Operation]]) -> None:
        inputs = {model for *_, op in declared for model in (op.body, op.query) if model}
        outputs = {model for *_, op in declared for model in op.answers.values() if model} | {models.Error}
        wanted = [(model, "validation") for model in inputs] + [(model, "serialization") for model in outputs]
        wanted.sort(key=lambda pair: pair[0].__name__)
        _, found = models_json_schema(wanted, ref_template=REF)  # type: ignore[arg-type]
        self.components: dict[str, Any] = found["$defs"]

    def ref(self, model: type[BaseModel]) -> dict[str, str]:
        return {"$ref": REF.format(model=model.__name__)}

    def parameters(self, model: type[BaseModel]) -> list[dict[str, Any]]:
        schema = self.components[model.__name__]
        return [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "schema": {
                    key: value for key, value in property_.items() if key not in ("title", "description")
                },
                **({"description": property_["description"]} if "description" in property_ else {}),
            }
            for name, property_ in schema["properties"].items()
        ]


def _operation(rule: str, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(operation.view.__doc__ or "").partition("\n")
    described: dict[str, Any] = {
        "tags": [operation.tag],
        "operationId": operation.view.__name__,
        "summary": summary,
        "parameters": _path_parameters(rule),
        "responses": _responses(rule, operation, schemas),
    }
    if rest.strip():
        described["description"] = rest.strip()
    if operation.query:
        described["parameters"] += schemas.parameters(operation.query)
    described["parameters"] += [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in operation.headers
    ]
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": schemas.ref(operation.body)}},
        }
    if operation.access is not Access.ANYONE:
        described["security"] = [{"user" if operation.access is Access.SIGNED_IN else "cron": []}]
    return described


def _path_parameters(rule: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"} if converter == "uuid" else {"type": "string"},
        }
        for converter, name in re.findall(r"<(?:(\w+):)?(\w+)>", rule)
    ]


def _responses(rule: str, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in operation.answers.items():
        responses[str(status)] = {"description": DESCRIPTIONS[status]}
        if model:
            responses[str(status)]["content"] = {JSON: {"schema": schemas.ref(model)}}
    for status, codes in sorted(_refusals(rule, operation).items()):
        described = DESCRIPTIONS[status] + (f": {', '.join(codes)}" if codes else "")
        responses[str(status)] = {
            "description": described,
            "content": {JSON: {"schema": schemas.ref(models.Error)}},
        }
    return responses


def _refusals(rule: str, operation: Operation) -> dict[int, tuple[str, ...]]:
    """The codes by status of an endpoint: its own, and those that follow from what it takes."""
    refusals: dict[int, tuple[str, ...]] = {500: ("INTERNAL_ERROR",), 503: ("UNAVAILABLE", "BUSY")}
    if operation.access is not Access.ANYONE:
        refusals[401] = ("UNAUTHENTICATED", "INVALID_TOKEN", "TOKEN_EXPIRED")
    if operation.access is Access.CRON:
        refusals[401] = ("UNAUTHENTICATED",)
    if operation.query:
        refusals[400] = ("INVALID_INPUT",)
    if operation.body:
        refusals[400] = ("INVALID_INPUT", "INVALID_JSON")
        refusals[413] = ("PAYLOAD_TOO_LARGE",)
        refusals[415] = ("UNSUPPORTED_MEDIA_TYPE",)
    if "<uuid:" in rule:
        refusals[404] = ("NOT_FOUND",)
    if operation.limited:
        refusals[429] = ("RATE_LIMITED",)
    for status, codes in operation.refusals.items():
        refusals[status] = tuple(dict.fromkeys((*refusals.get(status, ()), *codes)))
    return refusals


def render(described: dict[str, Any]) -> str:
    """The document as it is served and committed."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"
