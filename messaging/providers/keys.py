"""Providers' keys at rest: encrypted with a key of each account's own, derived from `settings.FIELD_KEYS`.

Fernet (AES-128-CBC with HMAC-SHA256) authenticates what it holds; deriving by account makes a ciphertext that was
moved to another row unreadable. The first field key encrypts, older ones still decrypt.
"""

import base64
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from chatplatform.kernel.errors import Unavailable

_PURPOSE = b"parley/provider-key/1/"


def encrypt(key: str, account_id: UUID) -> bytes:
    """Encrypt a provider's key for one account's row."""
    return _fernet(account_id).encrypt(key.encode())


def decrypt(kept: bytes, account_id: UUID) -> str:
    """Read an account's key. Unavailable when no field key fits any more."""
    try:
        return _fernet(account_id).decrypt(bytes(kept)).decode()
    except InvalidToken as error:
        raise Unavailable(
            "This provider's key cannot be read: SECRET_KEY or PARLEY_FIELD_KEYS is another one than when it was "
            "kept. Put the key in again.",
            "key_unreadable",
        ) from error


def rotated(kept: bytes, account_id: UUID) -> bytes | None:
    """Give the same key under the newest field key, or None when it already is."""
    newest = _one(settings.FIELD_KEYS[0], account_id)
    try:
        newest.decrypt(bytes(kept))
    except InvalidToken:
        return newest.encrypt(decrypt(kept, account_id).encode())
    return None


def _fernet(account_id: UUID) -> MultiFernet:
    return MultiFernet([_one(secret, account_id) for secret in settings.FIELD_KEYS])


def _one(secret: str, account_id: UUID) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE + account_id.bytes).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
