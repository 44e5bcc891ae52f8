"""All protocol adapters, by name: one module of ingest/adapters each."""

from functools import cache

from ingest import adapters as folder
from ingest.adapters.base import Adapter
from tracker.domain.discover import modules


@cache
def all_adapters() -> dict[str, Adapter]:
    """Every `ADAPTER` (or each of `ADAPTERS`) of the folder's modules."""
    found: dict[str, Adapter] = {}
    for module in modules(folder):
        own = getattr(module, "ADAPTERS", None) or [getattr(module, "ADAPTER", None)]
        found.update({adapter.name: adapter for adapter in own if adapter is not None})
    return found


def find(name: str) -> Adapter:
    """The adapter of that name. Raises LookupError for one that is not installed."""
    try:
        return all_adapters()[name]
    except KeyError:
        raise LookupError(f"no adapter is called {name!r}") from None
