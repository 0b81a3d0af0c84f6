"""The scripted provider's own small HTTP server: OpenAI's format over loopback, faults on demand.

Started inside the product's process on a free port, or alone, for tests and measurements from other processes:
`python -m messaging.providers.scripted_server --port 0` prints its address. It records what it was asked.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
from collections import Counter, deque
from typing import Any

import msgspec

from messaging.providers import scripted_http as http
from messaging.providers.base import ChatMessage
from messaging.providers.demo import SPEAKERS
from messaging.providers.scripted import STATUS_FAULTS, Fault, Script, UnknownScriptError, read_name
from messaging.providers.scripted_stream import AnswerStream, Dropped, Gone, Record, complete

KEPT_RECORDS = 2000


class ScriptedServer:
    """`await start()`, then `address` is what clients take as base URL. `records` holds the latest requests, for tests alone:
    each is as long as a thread."""

    def __init__(self, key: str = "", *, are_tests_on: bool = False, port: int = 0) -> None:
        self.key = key
        self.are_tests_on = are_tests_on
        self.records: deque[Record] = deque(maxlen=KEPT_RECORDS if are_tests_on else 0)
        self._asked: Counter[str] = Counter()
        self._count = itertools.count(1)
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        assert self._server is not None, "the scripted server is not started"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    @property
    def running(self) -> int:
        return sum(record.is_running for record in self.records)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=http.MAX_HEAD)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            for writer in list(self._open):
                writer.transport.abort()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=1)

    def of(self, model: str) -> list[Record]:
        """The requests for one model, oldest first."""
        return [record for record in self.records if record.model == model]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while (request := await http.read_request(reader)) is not None:
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass  # whoever asked is gone, or we are
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, request: http.Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection may be used again."""
        path = request.path.removeprefix("/v1")
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            await http.write_json(writer, 401, _error(f"Incorrect API key provided: {given}", "invalid_api_key"))
        elif request.method == "GET" and path == "/models":
            await http.write_json(writer, 200, {"object": "list", "data": [_entry(name) for name in self._names()]})
        elif request.method == "POST" and path == "/chat/completions":
            return await self._chat(request, reader, writer)
        elif self.are_tests_on and path == "/admin/requests":
            await http.write_json(writer, 200, list(self.records))
        elif self.are_tests_on and path == "/admin/reset" and request.method == "POST":
            self.records.clear()
            self._asked.clear()
            await http.write_json(writer, 200, {})
        else:
            await http.write_json(writer, 404, _error("There is nothing here.", "not_found"))
        return True

    def _names(self) -> list[str]:
        return [*SPEAKERS, *(["script"] if self.are_tests_on else [])]

    async def _chat(self, request: http.Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            body: dict[str, Any] = msgspec.json.decode(request.body)
            model = str(body.pop("model"))
            messages = msgspec.convert(body.pop("messages"), list[ChatMessage])
            script = self._script(model)
        except (msgspec.MsgspecError, UnknownScriptError, KeyError, UnicodeDecodeError) as error:
            await http.write_json(writer, 404, _error(str(error), "model_not_found"))
            return True
        record = Record(next(self._count), model, messages, body)
        self.records.append(record)
        self._asked[model] += 1
        try:
            if fault := self._refusal(script, self._asked[model], body):
                record.status = await _refuse(writer, fault)
                return True
            return await self._say(script, record, reader, writer)
        finally:
            record.is_running = False

    def _script(self, model: str) -> Script:
        script = read_name(model)
        if script.speaker not in self._names():
            raise UnknownScriptError(f"There is no scripted model {model!r}.")
        return script

    def _refusal(self, script: Script, asked: int, body: dict[str, Any]) -> Fault | None:
        for fault in script.faults:
            if fault.kind == "no-usage-option" and "stream_options" not in body:
                continue
            if fault.kind in STATUS_FAULTS and (fault.times is None or asked <= fault.times):
                return fault
        return None

    async def _say(
        self, script: Script, record: Record, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        most = record.fields.get("max_completion_tokens", record.fields.get("max_tokens"))
        if not record.fields.get("stream"):
            text, reason = complete(script, record.messages, most)
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            record.status = 200
            await http.write_json(
                writer, 200, {"object": "chat.completion", "model": record.model, "choices": [choice]}
            )
            return True
        try:
            await AnswerStream(script, record, reader, writer, most).run()
        except Gone:
            record.is_cancelled = True
            return False
        except Dropped:
            return False
        return True


async def _refuse(writer: Any, fault: Fault) -> int:
    if fault.kind == "redirect":
        await http.write_json(writer, 302, {}, Location="http://127.0.0.1:9/v1/chat/completions")
        return 302
    if fault.kind == "context":
        words = "This model's maximum context length is 2048 tokens. Please reduce the length of the messages."
        await http.write_json(writer, 400, _error(words, "context_length_exceeded"))
        return 400
    if fault.kind == "no-usage-option":
        await http.write_json(writer, 400, _error("Unknown parameter: 'stream_options'.", "unknown_parameter"))
        return 400
    status = int(fault.kind)
    headers = {} if fault.value is None else {"Retry_After": f"{fault.value:g}"}
    await http.write_json(writer, status, _error(f"Scripted refusal {status}.", f"scripted_{status}"), **headers)
    return status


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "scripted", "code": code}}


def _entry(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "owned_by": "parley"}


async def _main(port: int) -> None:
    server = ScriptedServer(are_tests_on=True, port=port)
    await server.start()
    sys.stdout.write(server.address + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args().port))
