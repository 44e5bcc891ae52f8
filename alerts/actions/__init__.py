"""The verbs of alerts."""

from alerts.actions.outbox import attempt, replay, send_test
from alerts.actions.reading import evaluate
from alerts.actions.setup import add_channel, defaults

__all__ = ["add_channel", "attempt", "defaults", "evaluate", "replay", "send_test"]
