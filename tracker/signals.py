"""One signal: activity_committed rings when Activity rows have been committed.

The Activity row is the letter, the signal only rings the bell: who listens must
also look for letters whose bell nobody heard.
"""

from django.dispatch import Signal

activity_committed = Signal()
"""Sent after commit with `activity_ids: list[int]` (may be empty when only a hint is due)."""
