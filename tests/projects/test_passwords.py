"""The real hasher: its parameters, and never more than two hashes at once."""

import threading
import time

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from projects.passwords import Argon2idHasher


def test_hash_is_argon2id_with_the_recommended_cost() -> None:
    hasher = Argon2idHasher()
    encoded = hasher.encode("correct horse battery", hasher.salt())
    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert hasher.verify("correct horse battery", encoded)
    assert not hasher.verify("correct horse batterx", encoded)
    assert not hasher.must_update(encoded)


def test_fifty_at_once_are_hashed_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on, most = 0, 0
    lock = threading.Lock()

    def slow(self: Argon2PasswordHasher, password: str, encoded: str) -> bool:
        nonlocal going_on, most
        with lock:
            going_on += 1
            most = max(most, going_on)
        time.sleep(0.002)
        with lock:
            going_on -= 1
        return True

    monkeypatch.setattr(Argon2PasswordHasher, "verify", slow)
    threads = [threading.Thread(target=Argon2idHasher().verify, args=("x", "y")) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
