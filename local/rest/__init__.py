"""A small REST API over PostgreSQL with PostgREST's semantics, for development and tests."""

from local.rest.app import create_app

__all__ = ["create_app"]
