"""Structured logs: one line an entry, JSON or for a person, with the request's id.

No bodies, keys or cookies are logged; what strangers wrote has its control
characters escaped, so that nobody can forge a line or steer a terminal.
"""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LONGEST = 8_192
"""Characters of one logged value; a stack keeps its end."""
SECRET_KEYS = {
    "authorization",
    "cookie",
    "password",
    "secret",
    "token",
    "dsn",
    "sentry_key",
    "body",
}


def configuration(style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. `style` is auto (console on a terminal), json or console."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _before(),
                "processors": _after(console),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Refused requests are counted by ingest and shown by /metrics.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Send structlog's own loggers the same way; called once at import of this module."""
    structlog.configure(
        processors=[*_before(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


def escape(_logger: WrappedLogger, _name: str, entry: EventDict) -> EventDict:
    """Escape control characters, cut long values, blank what is named like a secret."""
    return {key: _clean(key, value) for key, value in entry.items()}


def _clean(key: str, value: Any) -> Any:
    if key.startswith("_"):
        return value  # structlog's own
    if key.lower() in SECRET_KEYS:
        return "[Filtered]"
    if key == "exception":  # its line ends are ours: indented, no line of it passes for an entry
        return "\n    ".join(_clean("", line) for line in value[-LONGEST:].splitlines())
    if isinstance(value, str):
        return CONTROL.sub(lambda match: ascii(match.group())[1:-1], value[-LONGEST:])
    if isinstance(value, (int, float, bool, type(None))):
        return value
    return _clean(key, str(value))


def _before() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def _after(console: bool) -> list[Processor]:
    shown: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
        if console
        else structlog.processors.JSONRenderer()
    )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, escape, shown]


configure_structlog()
