"""Older grouping keys for events of upgraded projects, so that no issue resplits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from tracker import store
from tracker.actions.batch import Prepared
from tracker.domain.event import Event
from tracker.domain.grouping import NO_RULES, VERSIONS, Keys, Rules, keys_of


class Origin(Struct, frozen=True):
    """Where an upgraded project comes from."""

    versions: Sequence[str]
    """The latest first."""
    rules: Rules = NO_RULES

    def keys(self, event: Event) -> tuple[Keys, ...]:
        """The event's keys in each of the versions that this release still has."""
        return tuple(
            keys_of(event, version, self.rules) for version in self.versions if version in VERSIONS
        )


def look_back(batch: Sequence[Prepared], origins: Mapping[int, Origin]) -> list[Prepared]:
    """The batch, with the older keys of events whose new keys are all unknown.

    One look-up for all; what others store meanwhile wins over older keys anyway.
    """
    wanted = {
        (p.project_id, p.keys.version, key.hash)
        for p in batch
        if p.project_id in origins
        for key in p.keys.keys
    }
    known = {(row.project_id, row.hash) for row in store.find_keys(sorted(wanted))}

    def looked_back(prepared: Prepared) -> Prepared:
        project = prepared.project_id
        origin = origins.get(project)
        if origin is None or any((project, key.hash) in known for key in prepared.keys.keys):
            return prepared
        return msgspec.structs.replace(prepared, older=origin.keys(prepared.event))

    return [looked_back(prepared) for prepared in batch]
