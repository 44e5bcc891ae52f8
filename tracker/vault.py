"""Encrypts secrets that must be read again (channels, repositories) by keys made from SECRET_KEY.

SECRET_KEY_FALLBACKS open what older keys sealed; `manage.py rotate_secrets`
seals everything anew with the present key.

    VaultError      sealed with a key that is not known any more
"""

from __future__ import annotations

import base64
from functools import lru_cache

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class VaultError(Exception):
    """A secret can't be opened: SECRET_KEY changed without a fallback."""


def seal(secrets: dict[str, str]) -> str:
    """Encrypt; "" when there is nothing to keep."""
    if not secrets:
        return ""
    return _fernet().encrypt(msgspec.json.encode(secrets)).decode()


def unseal(sealed: str) -> dict[str, str]:
    """What `seal` was given. Raises VaultError."""
    if not sealed:
        return {}
    try:
        return msgspec.json.decode(_fernet().decrypt(sealed.encode()), type=dict[str, str])
    except InvalidToken:
        raise VaultError("sealed with another SECRET_KEY: enter the secret again") from None


def rotate(sealed: str) -> str:
    """The same secrets under the present key. Raises VaultError."""
    return seal(unseal(sealed))


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_key(key) for key in keys])


@lru_cache(maxsize=16)
def _key(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=b"emberwatch", info=b"alerts.vault.1")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))
