"""Server-sent events split on bytes: the `text/event-stream` format of the WHATWG HTML standard, section 9.2.6.

Bytes in, events out, however the bytes are cut. Lines end with LF, CR or CRLF and with nothing else: U+2028
or U+0085 inside a text is a part of it. What never ends is an error, not memory.
"""

from collections.abc import Iterator

from msgspec import Struct

MAX_LINE_BYTES = 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class SseError(Exception):
    """The stream is none that could be kept in bounds."""


class SseEvent(Struct, frozen=True):
    """One event: its name ("message" when none was given) and its data lines joined by LF, undecoded."""

    name: str
    data: bytes


class SseSplitter:
    """Give it the bytes as they come; it gives back the events that are complete.

    An event that the end of the stream cut off is dropped, as the standard says. `id` and `retry` are for
    browsers that reconnect and mean nothing here.
    """

    def __init__(self) -> None:
        self._line = bytearray()  # the unfinished last line
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = ""
        self._is_first_line = True
        self._saw_cr = False  # a LF that follows belongs to the CR before it
        self.comments = 0

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """The events that these bytes complete. Raises SseError at a cap."""
        for line in self._lines(chunk):
            if len(line) > MAX_LINE_BYTES:
                raise SseError("a line of more than 1 MiB")
            if line:
                self._take(line)
            elif (event := self._dispatch()) is not None:
                yield event

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that end in these bytes; the rest is kept."""
        if self._saw_cr and chunk:
            self._saw_cr = False
            if chunk[0] == 0x0A:
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._saw_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = chunk.split(b"\n")
        if lines and self._line:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        if len(self._line) + len(rest) > MAX_LINE_BYTES:
            raise SseError("a line of more than 1 MiB")
        self._line += rest
        return lines

    def _take(self, line: bytes) -> None:
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data_bytes += len(value) + 1
            if self._data_bytes > MAX_EVENT_BYTES:
                raise SseError("an event of more than 1 MiB")
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif not field and line:
            self.comments += 1

    def _dispatch(self) -> SseEvent | None:
        self._is_first_line = False
        name, data = self._name, self._data
        self._name, self._data, self._data_bytes = "", [], 0
        return SseEvent(name or "message", b"\n".join(data)) if data else None
