"""A provider in OpenAI's format that a test tells what harm to do, and that keeps every request it was sent."""

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Answer = Callable[[BaseHTTPRequestHandler, Json], None]


def frame(delta: Json, **more: Any) -> bytes:
    """One event of a stream of chat completions."""
    choice = {"index": 0, "delta": delta, "finish_reason": None, **more}
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n"


def words(text: str) -> bytes:
    """A whole stream that says `text`."""
    return frame({"content": text}) + frame({}, finish_reason="stop") + b"data: [DONE]\n\n"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self.server.provider.requests.append((dict(self.headers), {}))
        self.reply(json.dumps({"data": [{"id": "evil-1"}, {"id": "evil-2"}, {"id": "evil-3"}]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.provider.requests.append((dict(self.headers), body))
        try:
            self.server.provider.answer(self, body)
        except (BrokenPipeError, ConnectionResetError):
            return  # whoever asked has hung up

    def reply(self, body: bytes, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: "EvilProvider"


class EvilProvider:
    """Listens on a free loopback port while its `with` lasts."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self.requests: list[tuple[dict[str, str], Json]] = []
        self.answer: Answer
        self.behave()

    def __enter__(self) -> "EvilProvider":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def behave(self) -> None:
        self.say("Nine o'clock.")

    def say(self, *texts: str) -> None:
        """Answer these one after the other, the last one for ever."""
        left = list(texts)

        def answer(handler: Any, body: Json) -> None:
            text = left.pop(0) if len(left) > 1 else left[0]
            handler.reply(words(text), kind="text/event-stream")

        self.answer = answer

    def stream(self, pieces: Callable[[Json], Iterable[bytes]], **headers: str) -> None:
        """Answer each request with these pieces of a body, as they come, then hang up."""

        def answer(handler: Any, body: Json) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            for piece in pieces(body):
                handler.wfile.write(piece)

        self.answer = answer

    def refuse(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.answer = lambda handler, _: handler.reply(body, status, kind, **headers)  # type: ignore[attr-defined]
