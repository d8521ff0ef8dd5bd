"""A Realtime that the official Supabase clients cannot tell from a project's own.

Not here: the host's rates of messages and joins a second, its connection quotas, and storing what is
broadcast over REST (`persist`).
"""

from local.realtime.app import create_app

__all__ = ["create_app"]
