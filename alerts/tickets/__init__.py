"""Ticket trackers, one module each: drop a file here and it is a kind of connection."""

from alerts.plugins import Plugins
from alerts.tickets.base import Tracker

_plugins: Plugins[Tracker] = Plugins(__name__, "tracker")
registry, get, choices = _plugins.registry, _plugins.get, _plugins.choices
