"""Providers that speak OpenAI's chat-completions format over HTTP, streaming: nearly all of them do.

One request in, events out, and nothing but text and figures crosses. The only repeats here are of requests whose
form was refused (a field this provider does not know), before anything was answered.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from chatplatform.kernel.clock import monotonic
from messaging.providers import transport
from messaging.providers.addresses import Origin
from messaging.providers.base import ChatRequest, ModelInfo, ProviderError, ProviderEvent
from messaging.providers.failures import REMEDY, Failures, retry_after_s
from messaging.providers.form import Forms
from messaging.providers.patience import Patience, Timeouts, Watch, grace_s
from messaging.providers.reading import Reader
from messaging.providers.sse import SseError, SseSplitter
from messaging.providers.wire import ErrorIn, ModelIn, encode, read_error, read_models

log = logging.getLogger(__name__)

MAX_ERROR_BYTES = 64 * 1024
MAX_LIST_BYTES = 8 * 1024 * 1024
MAX_STREAM_BYTES = 64 * 1024 * 1024
MAX_FORMS = 5  # how often the form of one request may be changed until the provider takes it


class Endpoint(Struct, frozen=True):
    """Where a provider is and how it is asked. `key` never leaves the Authorization header."""

    slug: str
    name: str
    origin: Origin
    timeouts: Timeouts
    key: str = ""
    is_private_allowed: bool = True
    remedy: str = REMEDY  # what people can do when the key is refused
    limit_field: str = "max_tokens"  # what it calls the most tokens of an answer
    keeps_connections: bool = True

    def __repr__(self) -> str:  # a key must not get into a log by way of a trace
        return f"Endpoint({self.slug!r}, {self.origin.url!r})"


class OpenAiProvider:
    """See `base.Provider`. Its client is made on first use and belongs to the loop that made it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.failures = Failures(endpoint.name, endpoint.key, endpoint.remedy)
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_answered = False  # a connection may have been kept since, and closed by the other side
        self.forms = Forms(endpoint.limit_field)

    # -- the promise ---------------------------------------------------------------------------

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        patience = Patience(self.endpoint.timeouts, thinks=request.model.thinks)
        response = await self._open(request, patience)
        try:
            async for event in self._read(response, request, patience):
                yield event
        except httpx.TransportError as error:
            raise self.failures.broken("broke off.", f"{type(error).__name__}: {error}") from error
        finally:
            await response.aclose()

    async def list_models(self) -> list[ModelInfo]:
        """Each model by its id alone; names, prices and what is no chat model are `listing.py`'s to know."""
        return [self._plain(found) for found in await self.list_entries()]

    async def list_entries(self) -> list[ModelIn]:
        """Ask GET /models. Raises ProviderError."""
        limits = self.endpoint.timeouts
        try:
            async with asyncio.timeout(limits.connect_s + limits.first_byte_s):
                async with self.client().stream("GET", "models", headers={"Connection": "close"}) as response:
                    body = await self._body(response, MAX_LIST_BYTES)
        except TimeoutError as error:
            raise self.failures.silent(limits.first_byte_s, "no list of models") from error
        except httpx.TransportError as error:
            raise self.failures.unreachable(error) from error
        if response.status_code != 200:
            wait_s = retry_after_s(response.headers)
            raise self.failures.of_status(response.status_code, read_error(body), "models", wait_s)
        try:
            return read_models(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            detail = "GET /models is not in the OpenAI format"
            raise self.failures.broken("does not answer as a provider of models would.", detail) from error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()

    # -- asking -----------------------------------------------------------------------------------

    def client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            end = self.endpoint
            headers = {"Authorization": f"Bearer {end.key}"} if end.key else {}
            self._loop = loop
            self._client = transport.client(
                end.origin, headers, connect_s=end.timeouts.connect_s,
                is_private_allowed=end.is_private_allowed, keeps_connections=end.keeps_connections,
            )  # fmt: skip
        return self._client

    async def _open(self, request: ChatRequest, patience: Patience) -> httpx.Response:
        """The answer whose stream may be read. A form that is refused is changed and sent again."""
        body = self.forms.write(request)
        for left in reversed(range(MAX_FORMS)):
            response = await self._send(body, patience)
            if response.status_code == 200:
                return await self._checked(response, request)
            try:
                said = read_error(await self._body(response, MAX_ERROR_BYTES))
            except httpx.TransportError as broken:
                raise self.failures.unreachable(broken) from broken
            finally:
                await response.aclose()
            wait_s = retry_after_s(response.headers)
            error = self.failures.of_status(response.status_code, said, request.model.name, wait_s)
            changed = self._changed(body, said, error) if left else None
            if changed is None:
                raise error
            body = changed
            log.info("provider=%s model=%s does not take this form of request.", self.endpoint.slug, body["model"])
        raise AssertionError("the last form is sent or refused above")

    def _changed(self, body: dict[str, Any], said: ErrorIn, error: ProviderError) -> dict[str, Any] | None:
        if error.status not in {400, 422}:
            return None
        words = f"{said.message} {said.type} {said.code}"
        return self.forms.change(body, words, is_too_long=error.kind == "context_too_long")

    async def _send(self, body: dict[str, Any], patience: Patience) -> httpx.Response:
        content = encode(body)
        is_second = not self._has_answered
        while True:
            try:
                async with asyncio.timeout(patience.until_headers_s(monotonic())):
                    response = await self._post(content)
            except TimeoutError as error:
                raise self.failures.silent(self.endpoint.timeouts.first_byte_s, "no answer to the request") from error
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                # A kept connection that the other side was just closing: not a failure of anybody's. Once.
                if is_second:
                    raise self.failures.unreachable(error) from error
                is_second = True
            except httpx.TransportError as error:
                raise self.failures.unreachable(error) from error
            else:
                self._has_answered = True
                return response

    async def _post(self, content: bytes) -> httpx.Response:
        client = self.client()
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        asked = client.build_request("POST", "chat/completions", content=content, headers=headers)
        return await client.send(asked, stream=True)

    async def _checked(self, response: httpx.Response, request: ChatRequest) -> httpx.Response:
        """The response if it is a stream that can be read; else it is closed and what it is gets raised."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        coding = response.headers.get("content-encoding", "identity").lower()
        if kind not in {"application/json", "text/html"} and coding in {"", "identity"}:
            return response
        try:
            body = await self._body(response, MAX_ERROR_BYTES) if kind == "application/json" else b""
        except httpx.TransportError:
            body = b""
        finally:
            await response.aclose()
        if b'"error"' in body and (error := read_error(body)).message:
            raise self.failures.of_stream(error, request.model.name)
        raise self.failures.broken("does not stream its answers.", f"content type {kind}, {coding}", retryable=False)

    async def _body(self, response: httpx.Response, most: int) -> bytes:
        body = bytearray()
        limits = self.endpoint.timeouts
        with contextlib.suppress(TimeoutError):  # what came so far is worth reading
            async with asyncio.timeout(limits.stall_s):
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > most:
                        break
        return bytes(body[:most])

    # -- listening ----------------------------------------------------------------------------------

    async def _read(
        self, response: httpx.Response, request: ChatRequest, patience: Patience
    ) -> AsyncIterator[ProviderEvent]:
        splitter, reader = SseSplitter(), Reader(self.failures, request.model.name)
        chunks = response.aiter_raw()
        size = 0
        watch = Watch(patience, response.extensions["network_stream"].give_up)
        try:
            while (chunk := await self._next(chunks, reader, watch)) is not None:
                size += len(chunk)
                if size > MAX_STREAM_BYTES:
                    raise self.failures.broken("does not stop.", "more than 64 MiB", retryable=False)
                had_words = False
                for event in splitter.feed(chunk):
                    for heard in reader.take(event):
                        had_words = True
                        yield heard
                watch.heard(words=had_words)
        except SseError as error:
            raise self.failures.broken("answers in a form that cannot be read.", str(error)) from error
        except httpx.ReadTimeout as error:
            raise self._gave_up(patience) from error
        finally:
            watch.end()
        yield reader.end()

    async def _next(self, chunks: AsyncIterator[bytes], reader: Reader, watch: Watch) -> bytes | None:
        """The next bytes; None at the end, or when the answer is complete and nothing more is worth waiting for."""
        is_complete = reader.is_finished or reader.is_done
        watch.is_waiting = True
        try:
            if not is_complete:
                return await anext(chunks, None)
            async with asyncio.timeout(grace_s(is_counted=reader.is_counted, is_done=reader.is_done)):
                return await anext(chunks, None)
        except (TimeoutError, httpx.ReadTimeout):
            if not is_complete:
                raise
            return None
        finally:
            watch.is_waiting = False

    def _gave_up(self, patience: Patience) -> ProviderError:
        seconds, why = patience.why()
        if why == "total":
            name = self.endpoint.name
            return ProviderError("timeout", f"{name} was still writing after {seconds:g} s. Stopped.", retryable=True)
        return self.failures.silent(seconds, why)

    def _plain(self, found: ModelIn) -> ModelInfo:
        end = self.endpoint
        return ModelInfo(f"{end.slug}:{found.id}", end.slug, end.name, found.id, found.name or found.id, "remote")
