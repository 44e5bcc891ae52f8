"""Second factors: what allauth keeps of them is sealed with the key that seals channels."""

from allauth.mfa.adapter import DefaultMFAAdapter

from alerts import vault


class SealedMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator programs and recovery codes are never stored in the clear."""

    def encrypt(self, text: str) -> str:
        """Seal a secret for the database."""
        return vault.seal({"factor": text})

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret. Raises VaultError when SECRET_KEY changed without a fallback."""
        return vault.unseal(encrypted_text)["factor"]
