"""Plug-ins by the name of their module: drop a file into a folder and it is a kind of something."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Generic, Protocol, TypeVar

from tracker.domain import discover


class Labelled(Protocol):
    """What people choose by its label."""

    label: ClassVar[str]


P = TypeVar("P", bound=Labelled)


class Plugins(Generic[P]):
    """The value of one attribute in every module of a package that has it."""

    def __init__(self, package: str, attribute: str) -> None:
        self._package, self._attribute = package, attribute

    @cached_property
    def _found(self) -> dict[str, P]:
        return {
            module.__name__.rpartition(".")[2]: getattr(module, self._attribute)
            for module in discover.modules(self._package)
            if hasattr(module, self._attribute)
        }

    def registry(self) -> dict[str, P]:
        """Every one by its kind, which is the name of its module."""
        return self._found

    def get(self, kind: str) -> P:
        """The one of a kind. Raises KeyError when its module is gone."""
        return self._found[kind]

    def choices(self) -> list[tuple[str, str]]:
        """Kinds and labels for a form, by label."""
        named = [(kind, each.label) for kind, each in self._found.items()]
        return sorted(named, key=lambda choice: choice[1].lower())
