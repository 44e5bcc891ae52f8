"""Import every module of a folder package, so that a new plug-in is one new file.

Used for adapters, transports, languages of the grouping, grouping versions and
admin pages.  Order is that of the names, so that what is found is deterministic.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def modules(package: str | ModuleType) -> list[ModuleType]:
    """Import the direct modules and sub-packages of `package`, in order of their names.

    Names that begin with "_" are left out.  Raises ImportError when one does not
    import: a broken plug-in must be loud, not absent.
    """
    folder = importlib.import_module(package) if isinstance(package, str) else package
    names = sorted(
        info.name for info in pkgutil.iter_modules(folder.__path__) if not info.name.startswith("_")
    )
    return [importlib.import_module(f"{folder.__name__}.{name}") for name in names]


def members(package: str | ModuleType, attribute: str) -> list[Any]:
    """The value of `attribute` in every module of `package` that defines it."""
    return [getattr(module, attribute) for module in modules(package) if hasattr(module, attribute)]
