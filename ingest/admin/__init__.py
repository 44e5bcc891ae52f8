"""Pages about how events arrive, a file a page: a new module of this folder registers itself."""

from tracker.domain.discover import modules

modules(__name__)
