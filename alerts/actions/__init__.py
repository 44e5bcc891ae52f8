"""The verbs of alerts."""

from alerts.actions.evaluate import evaluate
from alerts.actions.outbox import attempt, replay, send_test
from alerts.actions.setup import add_channel, defaults

__all__ = ["add_channel", "attempt", "defaults", "evaluate", "replay", "send_test"]
