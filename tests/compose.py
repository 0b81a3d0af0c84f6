"""Reads docker-compose.yml without a YAML package: block mappings and lists, flow lists of strings, anchors and merges.

Anything else in the file is an error, so what is read is what an engine would read.
"""

import json
import re
from pathlib import Path
from typing import Any

Line = tuple[int, int, str]  # number, indent, words
KEY = re.compile(r"""^("[^"]*"|[\w./<-]+):(?:\s+(.*))?$""")


def read(file: Path) -> dict[str, Any]:
    lines: list[Line] = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            assert "\t" not in line, f"line {number}: a tab"
            lines.append((number, len(line) - len(line.lstrip()), line.strip()))
    reader = _Reader(lines)
    value = reader.block(0)
    assert reader.at == len(lines), f"line {lines[reader.at][0]}: this stands too far left or right"
    assert isinstance(value, dict)
    return value


class _Reader:
    def __init__(self, lines: list[Line]) -> None:
        self.lines, self.at = lines, 0
        self.anchors: dict[str, Any] = {}

    def block(self, indent: int) -> Any:
        """The mapping or the list that begins here, with that indent."""
        return self._list(indent) if self.lines[self.at][2].startswith("- ") else self._mapping(indent)

    def _here(self, indent: int) -> Line | None:
        return self.lines[self.at] if self.at < len(self.lines) and self.lines[self.at][1] == indent else None

    def _mapping(self, indent: int, into: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = {} if into is None else into
        own: set[str] = set()
        while (line := self._here(indent)) is not None and not line[2].startswith("- "):
            key = KEY.match(line[2])
            assert key, f"line {line[0]}: no key: {line[2]}"
            name = key[1].strip('"')
            assert name not in own, f"line {line[0]}: {name} stands here twice"
            own.add(name)
            self.at += 1
            if name == "<<":
                assert key[2] and key[2].startswith("*"), f"line {line[0]}: only an anchor is merged"
                found |= {k: v for k, v in self.anchors[key[2][1:]].items() if k not in own}
            else:
                found[name] = self._value(key[2] or "", indent, line[0])
        return found

    def _list(self, indent: int) -> list[Any]:
        found: list[Any] = []
        while (line := self._here(indent)) is not None and line[2].startswith("- "):
            words = line[2][2:].strip()
            if KEY.match(words) and not words.startswith(('"', "'")):  # a mapping whose first key stands here
                self.lines[self.at] = (line[0], indent + 2, words)
                found.append(self._mapping(indent + 2))
            else:
                self.at += 1
                found.append(_scalar(words, line[0]))
        return found

    def _value(self, words: str, indent: int, number: int) -> Any:
        anchor = re.match(r"&(\w+)\s*(.*)$", words)
        if anchor:
            value = self._value(anchor[2], indent, number)
            self.anchors[anchor[1]] = value
            return value
        if words:
            return _scalar(words, number)
        if self.at < len(self.lines) and self.lines[self.at][1] > indent:
            return self.block(self.lines[self.at][1])
        return None


def _scalar(words: str, number: int) -> Any:
    if words[0] in '["':
        return json.loads(words)
    assert words[0] not in "'{|>*&!%@`", f"line {number}: write it in double quotes: {words}"
    assert " #" not in words and ": " not in words, f"line {number}: write it in double quotes: {words}"
    if re.fullmatch(r"-?\d+", words):
        return int(words)
    assert words.lower() not in {"yes", "no", "on", "off", "null", "~"}, f"line {number}: YAML reads {words} as no word"
    return {"true": True, "false": False}.get(words, words)
