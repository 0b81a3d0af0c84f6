"""The deployment under test with people in it, and how it is broken and mended."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from faults.person import Person
from faults.provider import RecordingProvider
from faults.proxy import Proxy
from tests import logs
from tests.client import Json
from tools.full import Deployment, Web, Worker
from tools.full.processes import Parley
from tools.services import Service

QUICK, STEADY, LONG = "f30r60n60", "f80r40n80", "f20r30n150"  # 1 s, 2 s and 5 s of words
MODELS = (QUICK, STEADY, LONG, "f3000r60n30")
SLOW_TO_BEGIN = "f3000r60n30"

HOLDER = "select held_by from messaging_turn where thread_id = '{}' and state in ('pending', 'streaming') and held_by <> '' limit 1"


def model(name: str) -> str:
    return f"openai:{name}"


class World:
    """One deployment in one folder; every case brings its own threads and people."""

    def __init__(self, folder: Path, *, nodes: int = 1, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.provider = RecordingProvider(MODELS)
        self._given = settings or {}
        self._nodes = nodes
        self.people: list[Person] = []
        self.threads: list[str] = []
        self.project = ""
        self.owner: Person | None = None
        self.broken_at = 0.0  # of the running case: when it began to break things
        self.began_at = time.time()  # the running case
        self.unsaved_s = 0.0  # how much of what was shown the running case may take
        self._proxies: list[Proxy] = []
        self._changed: dict[Parley, dict[str, str]] = {}

    # -- beginning and ending ------------------------------------------------------------------------

    async def begin(self, say: Callable[[str], object] = lambda words: None) -> None:
        await self.provider.start()
        settings = {
            "CQL_KEYSPACE": "parley",  # whatever our own environment names
            "PARLEY_TEST_MODELS": "1",
            "PARLEY_LOCAL_MODEL": "0",
            "PARLEY_BEHIND_PROXY": "1",
            "PARLEY_SEND_RATE": "100000/minute",
            "PARLEY_MAKE_RATE": "100000/minute",
            "PARLEY_INVITE_RATE": "100000/minute",
            "PARLEY_PROVIDER_CONCURRENCY": "64",
            "PARLEY_PROVIDER_CONNECT_S": "5",
            "PARLEY_PROVIDER_STALL_S": "4",
            "PARLEY_PROVIDER_PINGS_S": "8",
            "PARLEY_PROVIDER_TOTAL_S": "40",
            "OPENAI_BASE_URL": self.provider.url,
            "OPENAI_API_KEY": "test",
            **self._given,
        }
        self.deployment = Deployment(self.folder, nodes=self._nodes, settings=settings)
        await asyncio.to_thread(self.deployment.start, say)
        self.owner = await Person(self.urls, "Olga").arrive()
        self.project = (await self.owner.call("POST", "/projects", {"name": "Ferryline"}))["id"]

    async def end(self) -> None:
        for person in [*self.people, *([self.owner] if self.owner else [])]:
            await person.leave()
        for proxy in self._proxies:
            proxy.close()
        await asyncio.to_thread(self.deployment.kill)
        await self.provider.stop()

    @property
    def urls(self) -> list[str]:
        return [web.url for web in self.webs]

    @property
    def webs(self) -> list[Web]:
        return self.deployment.webs

    @property
    def workers(self) -> list[Worker]:
        return self.deployment.workers

    # -- people and rooms ------------------------------------------------------------------------------

    async def room(self, *names: str) -> tuple[str, list[Person]]:
        """A new thread with these people in it, the first at the first web process, the second at the second, and so on."""
        assert self.owner is not None
        body = {"title": f"Broken {uuid.uuid4().hex[:6]}", "line_up": [model(QUICK)]}
        thread_id: str = (await self.owner.call("POST", f"/projects/{self.project}/threads", body))["thread"]["id"]
        self.threads.append(thread_id)
        people = [await self.person(name, home) for home, name in enumerate(names)]
        for person in people:
            await person.open(thread_id)
        return thread_id, people

    async def person(self, name: str, home: int = 0, urls: list[str] | None = None) -> Person:
        """Somebody who is a member of the project, at that web process."""
        assert self.owner is not None
        invite = await self.owner.call(
            "POST", f"/projects/{self.project}/invites", {"role": "member", "days": 1, "max_uses": 1}
        )
        person = Person(urls or self.urls, name, home)
        self.people.append(person)
        await person.arrive()
        code = urlsplit(invite["link"]).fragment.rsplit("/", 1)[-1]
        await person.call("POST", "/invites/accept", {"code": code})
        return person

    async def until_words(self, person: Person, thread_id: str, count: int = 1, within_s: float = 20) -> None:
        """Wait until somebody reads that many characters of some answer."""
        await person.client.until(
            lambda: (
                thread_id in person.client.rooms
                and any(len(words) >= count for words in person.client.rooms[thread_id].said.values())
            ),
            within_s,
        )

    # -- breaking and mending ----------------------------------------------------------------------------

    def breaks(self, unsaved_s: float = 0.0) -> None:
        """Say that the case breaks something now. Words that were shown more than `unsaved_s` before must survive."""
        self.broken_at = self.broken_at or time.monotonic()
        self.unsaved_s = max(self.unsaved_s, unsaved_s)

    async def kill(self, *services: Service, unsaved_s: float = 0.0) -> None:
        self.breaks(unsaved_s)
        await asyncio.gather(*(asyncio.to_thread(service.kill) for service in services))

    async def start(self, *services: Service) -> None:
        await asyncio.gather(*(asyncio.to_thread(service.start) for service in services))

    async def stop(self, *services: Service) -> None:
        """Tell them to stop; that is itself something that must hold."""
        ended = await asyncio.gather(*(asyncio.to_thread(service.stop) for service in services))
        deaf = [service.folder.name for service, has_ended in zip(services, ended, strict=True) if not has_ended]
        assert not deaf, f"{', '.join(deaf)} went on after being told to stop, until killed"

    def proxy(self, target: tuple[str, int]) -> Proxy:
        proxy = Proxy(target).start()
        self._proxies.append(proxy)
        return proxy

    async def change(self, *processes: Parley, **settings: str) -> None:
        """Start these processes again with other settings, until `mend`."""
        for process in processes:
            self._changed.setdefault(process, dict(process.settings))
            process.settings.update(settings)
        await self.stop(*processes)
        await self.start(*processes)

    async def mend(self) -> None:
        """Everything runs again, with its own settings, and every line is whole."""
        for proxy in self._proxies:
            proxy.heal()
        for service in [*self.deployment.servers, *self.deployment.processes]:
            service.resume()
        await self.start(*(server for server in self.deployment.servers if not server.is_running))
        await self.start(*(process for process in self.deployment.processes if not process.is_running))

    async def forget(self) -> None:
        """Between two cases: nobody is left, nothing is changed."""
        for person in self.people:
            await person.leave()
        self.people.clear()
        self.threads.clear()
        changed, self._changed = self._changed, {}
        for process, settings in changed.items():
            process.settings = settings
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in changed))
        await self.mend()
        for proxy in self._proxies:
            proxy.close()
        self._proxies.clear()
        self.broken_at = self.unsaved_s = 0.0
        self.began_at = time.time()

    def errors(self) -> str:
        """What our processes wrote to their logs in this case that nobody should have to read."""
        return logs.errors(self.folder, self.began_at)

    async def holder(self, thread_id: str) -> Worker:
        """The worker that writes an answer of the thread now."""
        wanted = HOLDER.format(thread_id)
        async with asyncio.timeout(10):
            while True:
                held_by = await self.sql(wanted)
                for worker in self.workers:
                    if held_by.split(":")[1:2] == [str(worker.pid)]:
                        return worker
                await asyncio.sleep(0.02)

    async def until_one_ends(self, *processes: Worker, within_s: float = 20) -> Worker:
        """The first of these that dies by itself."""
        async with asyncio.timeout(within_s):
            while True:
                for process in processes:
                    if not process.is_running:
                        return process
                await asyncio.sleep(0.02)

    async def sql(self, statement: str) -> str:
        assert self.deployment.postgres is not None
        return await asyncio.to_thread(self.deployment.postgres.run, statement, "parley")


async def at_some_moment(rng: random.Random, least_s: float, most_s: float) -> None:
    await asyncio.sleep(rng.uniform(least_s, most_s))


async def ask(person: Person, thread_id: str, *models: str, **fields: Any) -> Json:
    """Ask these models; the ack."""
    return await person.send(thread_id, "What is the tide?", models=[model(name) for name in models], **fields)


@asynccontextmanager
async def meanwhile(*work: Awaitable[object]) -> AsyncIterator[None]:
    """Let this go on while the body breaks things, and wait for it at the end."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
