"""Ways out, one module each: drop a file here and it is a kind of channel."""

from alerts.plugins import Plugins
from alerts.transports.base import Transport

_plugins: Plugins[Transport] = Plugins(__name__, "transport")
registry, get, choices = _plugins.registry, _plugins.get, _plugins.choices


def for_people() -> list[str]:
    """Kinds that carry what is for one person; rules tell them nothing."""
    return [kind for kind, each in registry().items() if each.personal]


def addable() -> list[tuple[str, str]]:
    """Those that people add."""
    return [(kind, label) for kind, label in choices() if not registry()[kind].personal]
