"""Lists of models that providers of the environment gave, kept in one file beside the data: they are there at once
after a restart, and when a provider cannot be reached."""

import contextlib
import logging
import os
import tempfile
from pathlib import Path

import msgspec
from django.conf import settings

from messaging.providers.wire import ModelIn

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(dict[str, list[ModelIn]]).decode


def _file() -> Path:
    return Path(settings.DATA_DIR) / "provider-models.json"


def read() -> dict[str, list[ModelIn]]:
    """Lists by "slug address". Without a file, or with one that cannot be read, none."""
    try:
        return _decode(_file().read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        log.warning("The kept lists of models cannot be read: %s", error)
        return {}


def write(name: str, entries: list[ModelIn]) -> None:
    """Keep one list; the others stay. The file is replaced whole, never half written."""
    kept = read() | {name: entries}
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".provider-models-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.encode(kept))
        Path(temporary).replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
