"""One real server for each file of attacks, a cast of people on it, and a provider that means harm.

The server is a process of its own; attackers reach it by HTTP and sockets alone, as everybody does.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.attacks import target
from tests.attacks.evil import EvilProvider
from tests.attacks.target import Target
from tests.client import Client, Json, RoomModel
from tests.messaging.conftest import live  # noqa: F401  a server of this process, where a limit is to be shortened

CANARY_KEY = "sk-" + "canary0123456789" * 3
MODEL = "openai:evil-1"
_numbers = itertools.count(1)


class World:
    """Who is there: root looks after the server; alice owns Ferryline, carol is an admin of it, bob a member, dave
    a viewer; mallory owns a project of her own and is in no other."""

    def __init__(self, server: Target, provider: EvilProvider) -> None:
        self.server, self.provider = server, provider
        self.url = server.url
        self.cookies: dict[str, dict[str, str]] = {}
        self.emails: dict[str, str] = {}
        self.ids: dict[str, str] = {}  # of people
        self.project = self.thread = self.private = self.message = ""
        self.branch = self.private_branch = self.private_message = ""
        self.foreign_project = self.foreign_thread = self.foreign_branch = ""

    def url_of(self, name: str) -> str:
        """At which process somebody sits: who takes rights away at one, who had them at the other."""
        return self.server.url if name in {"root", "alice", "bob"} else self.server.other_url

    async def build(self) -> "World":
        people = {}
        for name in ("root", "alice", "carol", "bob", "dave", "mallory"):
            people[name] = await self.newcomer(name)
        alice, mallory = people["alice"], people["mallory"]
        self.project = (await alice.call("POST", "/projects", {"name": "Ferryline"}))["id"]
        for name, role in (("carol", "admin"), ("bob", "member"), ("dave", "viewer")):
            await self.let_in(people[name], role, alice)
        self.thread, self.branch = await self.new_thread(alice)
        self.private, self.private_branch = await self.new_thread(alice, is_private=True)
        said = {"body": "The timetable is pinned to the door.", "mode": "talk"}
        self.message = (await alice.call("POST", f"/threads/{self.thread}/messages", said))["message_id"]
        said = {"body": "canary-private-words", "mode": "talk"}
        self.private_message = (await alice.call("POST", f"/threads/{self.private}/messages", said))["message_id"]
        self.foreign_project = (await mallory.call("POST", "/projects", {"name": "Elsewhere"}))["id"]
        thread = await mallory.call("POST", f"/projects/{self.foreign_project}/threads", {"line_up": []})
        self.foreign_thread, self.foreign_branch = thread["thread"]["id"], thread["thread"]["main_branch_id"]
        for client in people.values():
            await client.close()
        return self

    async def newcomer(self, name: str) -> Client:
        """Somebody who has just made an account; in no project."""
        client = await Client(self.url_of(name), name.capitalize()).sign_up()
        self.keep(name, client)
        self.ids[name] = (await client.call("GET", "/me"))["id"]
        return client

    def keep(self, name: str, client: Client) -> None:
        self.cookies[name] = {cookie.name: cookie.value or "" for cookie in client.http.cookies.jar}
        self.emails[name] = client.email

    async def let_in(self, client: Client, role: str, host: Client) -> None:
        wanted = {"role": role, "note": "", "days": 1, "max_uses": 1}
        invite = await host.call("POST", f"/projects/{self.project}/invites", wanted)
        await client.call("POST", "/invites/accept", {"code": invite["link"].partition("#")[2]})

    async def new_thread(self, client: Client, **fields: Any) -> tuple[str, str]:
        """A thread of Ferryline and its main branch."""
        detail = await client.call("POST", f"/projects/{self.project}/threads", {"line_up": [], **fields})
        return detail["thread"]["id"], detail["thread"]["main_branch_id"]


async def over(client: Client, thread: str, sent: Json) -> RoomModel:
    """The room when all that was asked has ended. The answer to the question may come before the room hears of it."""
    assert sent["type"] == "ack", sent

    def is_over() -> bool:
        run = client.rooms[thread].runs.get(sent["run_id"])
        return run is not None and run["state"] not in {"running", "stopping"}

    await client.until(is_over)
    return await client.until_quiet(thread)


class Cast:
    """The people of the world in one test; their lines are closed at its end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._clients: list[Client] = []

    def signed_in(self, name: str) -> Client:
        client = Client(self.world.url_of(name), name.capitalize())
        client.email = self.world.emails[name]
        for key, value in self.world.cookies[name].items():
            client.http.cookies.set(key, value, domain="127.0.0.1")
        self._clients.append(client)
        return client

    def nobody(self) -> Client:
        client = Client(self.world.url, "Nobody")
        self._clients.append(client)
        return client

    async def online(self, name: str) -> Client:
        return await self.signed_in(name).connect()

    async def newcomer(self, role: str = "") -> Client:
        """Somebody new whom the test may do with as it likes; with a role in Ferryline, or in no project."""
        name = f"guest{next(_numbers)}"
        client = await self.world.newcomer(name)
        self._clients.append(client)
        if role:
            await self.world.let_in(client, role, self.signed_in("alice"))
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[EvilProvider]:
    with EvilProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def world(provider: EvilProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = {
        "OPENAI_BASE_URL": provider.url,
        "OPENAI_API_KEY": CANARY_KEY,
        "PARLEY_SEND_RATE": "5000/minute",
        "PARLEY_MAKE_RATE": "5000/minute",
        "PARLEY_INVITE_RATE": "5000/minute",
        "PARLEY_PROVIDER_STALL_S": "3",
        "PARLEY_PROVIDER_FIRST_BYTE_S": "3",
    }
    folder = tmp_path_factory.mktemp("attacked")
    folder.chmod(0o755)
    server = target.start(folder, settings)
    try:
        yield asyncio.run(World(server, provider).build())
    finally:
        server.stop()


@pytest.fixture
async def cast(world: World) -> AsyncIterator[Cast]:
    world.provider.behave()
    cast = Cast(world)
    yield cast
    await cast.close()
