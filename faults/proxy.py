"""A TCP proxy on a loop of its own thread: cuts, delays, swallows or slows down what goes between two processes."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable

CHUNK = 65536


class Proxy:
    """Listens on a free loopback port, with TLS if `tls` says how, and leads to `target`. The knobs may be turned at any
    time, from any thread."""

    def __init__(self, target: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.tls = tls
        self.port = 0
        self.delay_s = 0.0  # added to each piece, each way
        self.bytes_per_s = 0  # towards who connected; 0: as fast as it goes
        self.is_black_hole = False  # connections live and nothing passes
        self.is_closed = False  # new connections are refused, after a word or without
        self.drop_answer: Callable[[bytes], bool] = lambda sent: (
            False
        )  # says of what was sent whether its answer is lost
        self.sift: Callable[[bytes], bytes] = lambda answer: answer  # what of a piece reaches who connected
        self._out: set[int] = set()
        self._lines: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self) -> "Proxy":
        self._thread.start()
        self._ready.wait()
        return self

    def heal(self) -> None:
        """Let everything pass again; who was connected to a black hole is cut off."""
        was_broken = self.is_black_hole or self.is_closed
        self.delay_s, self.bytes_per_s, self.is_black_hole, self.is_closed = 0.0, 0, False, False
        self.drop_answer, self.sift = lambda sent: False, lambda answer: answer
        if was_broken:
            self.cut()

    def cut(self) -> None:
        """End every connection now, without a word."""
        self._loop.call_soon_threadsafe(self._cut)

    def ports_out(self) -> set[int]:
        """Our own ports of the connections that lead to the target now."""
        return set(self._out)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _cut(self) -> None:
        for line in self._lines:
            line.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        others: asyncio.StreamWriter | None = None
        try:
            if self.is_closed:
                return
            while self.is_black_hole:
                await asyncio.sleep(0.05)
            there, others = await asyncio.open_connection(*self.target)
            self._out.add(others.get_extra_info("sockname")[1])
            loses: list[bool] = []
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, others, loses, is_answer=False))
                both.create_task(self._pass(there, writer, loses, is_answer=True))
        except* (OSError, EOFError, asyncio.CancelledError):
            pass  # one side went, or was cut off
        finally:
            self._lines.discard(line)
            for end in (writer, others):
                if end is not None:
                    self._out.discard((end.get_extra_info("sockname") or (0, 0))[1])
                    end.transport.abort()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, loses: list[bool], *, is_answer: bool
    ) -> None:
        while data := await source.read(CHUNK):
            while self.is_black_hole:
                await asyncio.sleep(0.05)
            if not is_answer and self.drop_answer(data):
                loses.append(True)
            elif is_answer and loses:
                loses.clear()
                continue
            elif is_answer and not (data := self.sift(data)):
                continue
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if is_answer and self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            sink.write(data)
            with contextlib.suppress(ConnectionError):
                await sink.drain()
        raise EOFError
