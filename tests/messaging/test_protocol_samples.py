"""One JSON sample per command, event, news item and frame, read here and by the browser's tests."""

import json
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from messaging import protocol
from messaging.protocol.commands import AnyCommand, decode_command
from messaging.protocol.events import AnyEvent
from messaging.protocol.frames import AnyFrame
from messaging.protocol.news import AnyNews

SAMPLES = Path(__file__).parent.parent / "protocol_samples"
UNIONS = {
    "command": AnyCommand,
    "event": AnyEvent,
    "news": AnyNews,
    "frame": AnyFrame,
}
NAMES = [(group, struct.__struct_config__.tag) for group, union in UNIONS.items() for struct in typing.get_args(union)]


@pytest.mark.parametrize(("group", "tag"), NAMES, ids=[f"{g}.{t}" for g, t in NAMES])
def test_sample_says_just_what_the_struct_says(group: str, tag: str) -> None:
    raw = (SAMPLES / f"{group}.{tag}.json").read_bytes()
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(UNIONS[group])
    assert json.loads(protocol.encode(decoder.decode(raw))) == json.loads(raw)


def test_no_sample_outlives_its_struct() -> None:
    assert {f.name for f in SAMPLES.iterdir()} == {f"{group}.{tag}.json" for group, tag in NAMES}


def test_command_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        decode_command(b'{"type":"heartbeat","role":"owner"}')


def test_unknown_command_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_command(b'{"type":"websocket.disconnect"}')
