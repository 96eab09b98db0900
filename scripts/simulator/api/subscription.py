"""The subscription endpoints."""

from flask import Request

from scripts.simulator.api import asked
from scripts.simulator.api.call_log import refuse_if_switched_off
from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.subscriptions import Subscription


def create(box: Box, request: Request) -> Reply:
    """Subscribe a webhook, once it has passed the handshake."""
    _refuse_without_permission(box)
    return _shown(box, box.subscriptions.create(asked.json_object(request)))


def list_all(box: Box, _request: Request) -> Reply:
    """List the subscriptions of this user and app."""
    _refuse_without_permission(box)
    now = box.clock()
    records = [one.document(box.base_url, now) for one in box.subscriptions.active_or_blacklisted()]
    return Reply({"uri": f"{box.base_url}/restapi/v1.0/subscription", "records": records})


def show(box: Box, _request: Request, subscription_id: str) -> Reply:
    """Show one."""
    return _shown(box, box.subscriptions.get(subscription_id))


def change(box: Box, request: Request, subscription_id: str) -> Reply:
    """Replace the filters, and renew."""
    return _shown(box, box.subscriptions.change(subscription_id, asked.json_object(request)))


def renew(box: Box, _request: Request, subscription_id: str) -> Reply:
    """Give one its lifetime anew."""
    return _shown(box, box.subscriptions.renew(subscription_id))


def delete(box: Box, _request: Request, subscription_id: str) -> Reply:
    """Forget one."""
    box.subscriptions.delete(subscription_id)
    return Reply(status=204)


def _refuse_without_permission(box: Box) -> None:
    refuse_if_switched_off(box, "subscription", "SubscriptionWebhook")


def _shown(box: Box, subscription: Subscription) -> Reply:
    return Reply(subscription.document(box.base_url, box.clock()))
