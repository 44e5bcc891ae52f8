"""The tracker's vault, under the name that senders know it by."""

from tracker.vault import VaultError, rotate, seal, unseal

__all__ = ["VaultError", "rotate", "seal", "unseal"]
