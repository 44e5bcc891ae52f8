"""Refuses to start with an exception to the outbound guard that can't be read."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from tracker.outbound import allowed

_HOST = re.compile(r"(?=[a-z0-9])[a-z0-9_.-]{1,253}", re.ASCII)


@register()
def outbound_allow(**_kwargs: Any) -> list[Error]:
    """Every entry is a host, an address or a network, with or without a port."""
    found = []
    for entry in settings.EMBERWATCH_OUTBOUND_ALLOW:
        [read] = allowed((str(entry),)) or [None]
        sane = read is not None and (read.port is None or 0 < read.port < 65_536)
        named = read is not None and (read.network is not None or _HOST.fullmatch(read.host))
        if not (sane and named):
            found.append(
                Error(
                    f"EMBERWATCH_OUTBOUND_ALLOW holds {str(entry)!r}: give hosts, addresses or "
                    "networks like 10.0.0.0/8, each with an optional :port.",
                    id="alerts.E001",
                )
            )
    return found
