"""What the doctor finds of the machine: packages, the page, the data folder, open files."""

import resource
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import LazySettings

from chatplatform.doctor import machine
from tests.doctor.findings import levels, words


def test_this_machine_is_well(settings: LazySettings) -> None:
    assert levels(machine.python()) == {"python": ["ok"]}
    assert levels(machine.packages())["packages"][0] in {"ok", "warning"}


def test_missing_and_other_packages_are_named(settings: LazySettings, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    settings.BASE_DIR = tmp_path
    pins = tmp_path / "requirements" / "run.txt"
    pins.write_text("django==1.0 \\\n  --hash=x\nno-such-package==1 \\\nother==2 ; sys_platform == 'win32' \\\n")
    assert "missing: no-such-package" in words(machine.packages())
    assert "instead of 1.0" in words(machine.packages())
    assert "other" not in words(machine.packages())
    pins.unlink()
    assert levels(machine.packages()) == {"packages": ["ok"]}


def test_a_page_that_was_not_built(settings: LazySettings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    assert levels(machine.page()) == {"page": ["broken"]}
    (tmp_path / "index.html").write_text("x")
    assert levels(machine.page()) == {"page": ["ok"]}


def test_a_full_disk_a_missing_folder_and_an_open_secret(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "none"
    assert levels(machine.folder()) == {"data": ["broken"]}
    settings.DATABASE_URL = "postgresql://host/parley"
    monkeypatch.setenv("SECRET_KEY", "x" * 48)
    assert levels(machine.folder()) == {"data": ["ok"]}, "nothing is kept there then"
    settings.DATA_DIR = tmp_path
    for free, level in ((10**7, "broken"), (10**9, "warning"), (10**11, "ok")):
        disk = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, disk=disk: disk)
        assert levels(machine.folder()) == {"data": [level]}
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)
    assert "can be read by others" in words(machine.folder())


def test_too_few_files_for_the_sockets_that_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    assert levels(machine.files()) == {"files": ["warning"]}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (65536, 65536))
    assert levels(machine.files()) == {"files": ["ok"]}
