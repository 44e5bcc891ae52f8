"""Mail to one person about what is theirs; every project has one such channel, made when needed."""

from __future__ import annotations

from typing import ClassVar

from alerts.transports.base import Option
from alerts.transports.email import Email


class Personal(Email):
    """Assignments and mentions. Its recipients are named by each notice."""

    label = "Personal notices"
    personal = True
    options: ClassVar[tuple[Option, ...]] = ()


transport = Personal()
