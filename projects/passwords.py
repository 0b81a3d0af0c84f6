"""How passwords are kept: argon2id, and never more than two hashed at once."""

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

# One hash takes 46 MiB for some 40 ms. Two at once keep both cores busy; fifty would take 2.3 GB and slow down each other.
_turns = threading.BoundedSemaphore(2)


class Argon2idHasher(Argon2PasswordHasher):
    """argon2id with 46 MiB, one pass, one lane: OWASP Password Storage Cheat Sheet, first row."""

    time_cost = 1
    memory_cost = 47104
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: every hash has the same cost, so there is no faster one to hide."""
