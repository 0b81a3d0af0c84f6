"""Providers' keys at rest: unreadable in the table, bound to their row, renewed when the field keys turn over."""

import pytest
from pytest_django.fixtures import Settings

from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging.models import ProviderAccount
from messaging.providers import keys, rows
from tests import plans

CANARY = "sk-canary-0123456789abcdefABCDEF"


def account(key: str = CANARY, slug: str = "harbour") -> ProviderAccount:
    row = ProviderAccount(id=new_id(), slug=slug, name="Harbour", base_url="http://127.0.0.1:9/v1")
    row.key_encrypted = keys.encrypt(key, row.id)
    row.save()
    return row


@pytest.mark.django_db
def test_the_dumped_database_shows_no_key(db: None) -> None:
    account()
    assert rows.load()[0].key == CANARY
    dump = plans.dump().encode()
    assert b"harbour" in dump
    for spelling in (
        CANARY.encode(),
        CANARY.encode().hex().encode(),
        CANARY.encode().hex().upper().encode(),
        b"canary",
    ):
        assert spelling not in dump


def test_the_same_key_looks_different_each_time() -> None:
    id_ = new_id()
    assert keys.encrypt(CANARY, id_) != keys.encrypt(CANARY, id_)


def test_a_key_that_was_moved_to_another_row_cannot_be_read() -> None:
    with pytest.raises(Unavailable):
        keys.decrypt(keys.encrypt(CANARY, new_id()), new_id())


def test_an_older_field_key_still_reads_and_the_newest_writes(settings: Settings) -> None:
    id_ = new_id()
    settings.FIELD_KEYS = ["old"]
    kept = keys.encrypt(CANARY, id_)
    assert keys.rotated(kept, id_) is None
    settings.FIELD_KEYS = ["new", "old"]
    assert keys.decrypt(kept, id_) == CANARY
    renewed = keys.rotated(kept, id_)
    assert renewed is not None
    settings.FIELD_KEYS = ["new"]
    assert keys.decrypt(renewed, id_) == CANARY
    with pytest.raises(Unavailable, match="Put the key in again"):
        keys.decrypt(kept, id_)


@pytest.mark.django_db
def test_loading_renews_what_an_older_field_key_encrypted(settings: Settings) -> None:
    settings.FIELD_KEYS = ["old"]
    row = account()
    settings.FIELD_KEYS = ["new", "old"]
    assert rows.load()[0].key == CANARY
    settings.FIELD_KEYS = ["new"]
    assert rows.load()[0].key == CANARY
    row.refresh_from_db()
    assert row.key_encrypted is not None


@pytest.mark.django_db
def test_a_lost_field_key_leaves_the_account_without_its_key(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    account()
    settings.FIELD_KEYS = ["another"]
    found = rows.load()[0]
    assert (found.key, found.is_key_unreadable) == ("", True)
    assert "provider=harbour" in caplog.text


@pytest.mark.django_db
def test_printing_an_account_shows_no_key() -> None:
    account()
    assert CANARY not in repr(rows.load())
