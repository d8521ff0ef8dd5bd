"""A stand-in for Paystack: the API, the pay page and the webhooks of one integration, on this machine only.

It answers as the real one is documented or was seen to (see the comments for what was only inferred), keeps its
transactions in a data directory, and can be told over `/_control/` to misbehave in the ways a payment service does.
Run it with `python -m local.paystack`.
"""

from local.paystack.app import Settings, create_app

__all__ = ["Settings", "create_app"]
