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
        """This function will take in bytes and yield the events they complete. Raises SseError at a cap."""
        for line in self._lines(chunk):
            if (event := self._take(line)) is not None:
                yield event

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        if self._saw_cr and chunk:
            self._saw_cr = False
            if chunk[0] == 0x0A:
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._saw_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._grow(chunk[start:end])
            line = bytes(self._line)
            self._line.clear()
            yield line
            start = end + 1
        self._grow(chunk[start:])

    def _grow(self, piece: bytes) -> None:
        if len(self._line) + len(piece) > MAX_LINE_BYTES:
            raise SseError("a line of more than 1 MiB")
        self._line += piece

    def _take(self, line: bytes) -> SseEvent | None:
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data_bytes += len(value) + 1
            if self._data_bytes > MAX_EVENT_BYTES:
                raise SseError("an event of more than 1 MiB")
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif not field:
            self.comments += 1
        return None

    def _dispatch(self) -> SseEvent | None:
        name, data = self._name, self._data
        self._name, self._data, self._data_bytes = "", [], 0
        return SseEvent(name or "message", b"\n".join(data)) if data else None
