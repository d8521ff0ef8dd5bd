"""Scheduled work, begun by whoever keeps the clock (Vercel's cron, for one): the same jobs as `python -m jobs.<name>`."""

from __future__ import annotations

from api import models
from api.routing import Access, LimitBy, Resource
from api.services import services
from jobs import idle_detection, reconcile_payments, refund_unanswered

cron = Resource("Cron", __name__)


@cron.operation(
    "GET",
    "/cron/idle-detection",
    access=Access.CRON,
    limit_by=LimitBy.NOTHING,
    answers={200: models.JobResult},
)
def run_idle_detection() -> models.Row:
    """Warn operators who idle, release and reassign what they hold. Says how often each was done."""
    return idle_detection.run(services().db)


@cron.operation(
    "GET",
    "/cron/reconcile-payments",
    access=Access.CRON,
    limit_by=LimitBy.NOTHING,
    answers={200: models.JobResult},
    refusals={502: ("PAYMENT_REFUSED",)},
)
def run_reconcile_payments() -> models.Row:
    """Handle webhooks that were put off, and ask Paystack about payments we have not heard of."""
    return reconcile_payments.run(services().db, services().paystack)


@cron.operation(
    "GET",
    "/cron/refund-unanswered",
    access=Access.CRON,
    limit_by=LimitBy.NOTHING,
    answers={200: models.JobResult},
)
def run_refund_unanswered() -> models.Row:
    """Give credits back for paid messages that nobody answered in time."""
    return refund_unanswered.run(services().db)
