"""Signing and verifying the project's JWTs."""

from __future__ import annotations

from typing import Any

import jwt

from local.project import Project

PRIVATE_PART = "d"


def sign(project: Project, claims: dict[str, Any]) -> str:
    """A user token over `claims`, by the project's algorithm."""
    if project.algorithm == "HS256":
        return jwt.encode(claims, project.jwt_secret, algorithm="HS256")
    key = jwt.PyJWK(project.signing_key, algorithm="ES256").key
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": project.signing_key["kid"]})


def verify(project: Project, token: str) -> dict[str, Any]:
    """The claims of a token this project signed: a user's, or a legacy API key.

    The key follows from the algorithm the header names, so that a public key never serves as an HMAC secret.

    Raises jwt.InvalidTokenError: malformed, expired, not signed by this project, or by another algorithm.
    """
    algorithm = jwt.get_unverified_header(token).get("alg")
    key: Any
    if algorithm == "ES256":
        key = jwt.PyJWK(public_jwk(project), algorithm="ES256").key
    elif algorithm == "HS256":
        key = project.jwt_secret
    else:
        raise jwt.InvalidAlgorithmError(f"unexpected signing method: {algorithm}")
    return jwt.decode(token, key, algorithms=[algorithm], options={"verify_aud": False})


def public_jwk(project: Project) -> dict[str, Any]:
    """The public half of the signing key, as it stands in the JWKS."""
    return {name: value for name, value in project.signing_key.items() if name != PRIVATE_PART}
