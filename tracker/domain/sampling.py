"""Which events of a noisy issue are kept: the first, the latest, and a thinning sample.

Counts stay exact whatever is kept.
"""

_SCALE = 1 << 64


def keep(event_id: bytes, before: int, threshold: int) -> bool:
    """Whether an event is kept, when `before` were counted under its key already.

    Up to `threshold` all are; beyond, the n-th with probability threshold / n, decided by
    its id (16 random bytes), so that a second look decides the same.
    """
    if before < threshold:
        return True
    return int.from_bytes(event_id[:8], "big") * (before + 1) < threshold * _SCALE
