"""People at two servers: who is here, who may hear no more, what is limited; whichever server did it, and if one dies."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from redis import Redis

from tests.client import PASSWORD, Client
from tests.cluster.cast import MODELS, Cluster, Watcher
from tools.full.processes import Web

pytestmark = [
    pytest.mark.kill,
    pytest.mark.needs("postgres", "redis"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

# A word of another process comes in milliseconds; what was not told is found out only after half a minute. This tells the
# two apart, on a slow machine too.
AT_WORST_S = 3.0


class Guest:
    """Bob, a member of the project, with a tab at each server: `one` and `two`, in the same session."""

    def __init__(self, cluster: Cluster, one: Watcher, two: Watcher, id_: str) -> None:
        self.cluster, self.one, self.two, self.id = cluster, one, two, id_


async def other_tab(of: Client, url: str) -> Watcher:
    """The same browser, at another server."""
    tab = Watcher(url, of.name)
    tab.email = of.email
    tab.http.cookies.update(of.http.cookies)
    return tab


@pytest_asyncio.fixture(loop_scope="module")
async def bob(cluster: Cluster) -> AsyncIterator[Guest]:
    form = {"role": "member", "max_uses": 1}
    invite = await cluster.one.call("POST", f"/projects/{cluster.project}/invites", form)
    one = Watcher(cluster.one.url, "Bob")
    one.email = f"bob-{uuid.uuid4().hex[:8]}@example.org"
    await one.sign_up(invite=invite["link"].rpartition("#")[2].rpartition("/")[2])
    two = await other_tab(one, cluster.two.url)
    guest = Guest(cluster, one, two, (await one.call("GET", "/me"))["id"])
    yield guest
    await one.close()
    await two.close()


def within(tab: Client, is_so: Callable[[], bool], seconds: float = AT_WORST_S) -> "asyncio.Future[None]":
    """Begin to wait, so that what makes it so can be done meanwhile."""
    return asyncio.ensure_future(tab.until(is_so, seconds))


def goodbye_of(tab: Client) -> str:
    return next((frame["code"] for frame in tab.frames if frame["type"] == "goodbye"), "")


def told_here(tab: Watcher, name: str, thread: str) -> list[bool]:
    events = [e for frame in tab.heard if frame["thread_id"] == thread for e in frame["events"]]
    return [e["is_here"] for e in events if e["type"] == "presence.changed" and e["person"]["name"] == name]


def present(tab: Client) -> list[str]:
    """Whom the last snapshot showed."""
    joined = [frame for frame in tab.frames if frame["type"] == "joined" and frame.get("snapshot")]
    return [person["name"] for person in joined[-1]["snapshot"]["present"]]


async def test_removed_at_one_server_hears_nothing_more_at_the_other(cluster: Cluster, bob: Guest) -> None:
    thread = await cluster.new_thread()
    for tab in (bob.one, bob.two):
        await tab.connect()
        await tab.join(thread)
    began = time.monotonic()
    await cluster.one.call("DELETE", f"/projects/{cluster.project}/members/{bob.id}")
    for tab in (bob.one, bob.two):
        await tab.until(lambda tab=tab: any(f["type"] == "revoked" for f in tab.frames), AT_WORST_S)
    assert time.monotonic() - began < AT_WORST_S
    before = [tab.event_count for tab in (bob.one, bob.two)]
    await cluster.one.send(thread, "not for Bob", mode="talk")
    await cluster.two.until(lambda: len(cluster.two.rooms[thread].messages) == 1)
    for tab in (bob.one, bob.two):
        assert (await tab.say("join", thread_id=thread))["code"] == "not_found"
        assert (await tab.send(thread, "x", mode="talk"))["code"] == "not_found"
    assert [tab.event_count for tab in (bob.one, bob.two)] == before


async def test_lower_role_holds_at_the_other_server_at_once(cluster: Cluster, bob: Guest) -> None:
    thread = await cluster.new_thread()
    await bob.two.connect()
    await bob.two.join(thread)
    assert (await bob.two.send(thread, "still a member", mode="talk"))["type"] == "ack"
    await cluster.one.call("PATCH", f"/projects/{cluster.project}/members/{bob.id}", {"role": "viewer"})
    assert (await bob.two.send(thread, "x", mode="talk"))["code"] == "forbidden"
    assert (await bob.two.say("join", thread_id=thread))["type"] == "joined"


async def test_signed_out_at_one_server_is_signed_out_everywhere(cluster: Cluster, bob: Guest) -> None:
    for tab in (bob.one, bob.two):
        assert (await tab.request("GET", "/me")).status_code == 200
        await tab.connect()
    phone = Watcher(cluster.two.url, "Bob")
    phone.email = bob.one.email
    await phone.sign_in()
    await phone.connect()
    waiting = [within(tab, lambda tab=tab: goodbye_of(tab) == "signed_out") for tab in (bob.one, bob.two)]  # type: ignore[misc]
    assert (await bob.one.request("DELETE", "/_allauth/browser/v1/auth/session")).status_code == 401
    await asyncio.gather(*waiting)
    assert (await bob.two.request("GET", "/me")).status_code == 401
    assert (await phone.request("GET", "/me")).status_code == 200, "another session"
    assert goodbye_of(phone) == ""
    await phone.close()


async def test_new_password_closes_the_others_at_every_server(cluster: Cluster, bob: Guest) -> None:
    phones = [Watcher(url, "Bob") for url in (cluster.one.url, cluster.two.url)]
    for phone in phones:
        phone.email = bob.one.email
        await phone.sign_in()
        await phone.connect()
    await bob.two.connect()
    waiting = [within(phone, lambda phone=phone: goodbye_of(phone) == "signed_out") for phone in phones]  # type: ignore[misc]
    new = {"current_password": PASSWORD, "new_password": "another harbour at dusk"}
    await bob.one.call("POST", "/_allauth/browser/v1/account/password/change", new)
    await asyncio.gather(*waiting)
    assert [(await phone.request("GET", "/me")).status_code for phone in phones] == [401, 401]
    assert goodbye_of(bob.two) == "", "a tab of the same browser goes on"
    assert (await bob.two.say("watch", project_id=cluster.project))["type"] == "ack"
    for phone in phones:
        await phone.close()


async def test_command_that_ends_sessions_is_heard_by_every_server(cluster: Cluster, bob: Guest) -> None:
    """It runs in a process of its own, which serves nobody."""
    for tab in (bob.one, bob.two):
        await tab.connect()
    program = (
        "from projects.accounts import end_all_sessions; from projects.models import User; "
        f"end_all_sessions(User.objects.get(email={bob.one.email!r}).pk)"
    )
    await asyncio.to_thread(cluster.deployment.manage, "shell", "-c", program)
    for tab in (bob.one, bob.two):
        await tab.until(lambda tab=tab: goodbye_of(tab) == "signed_out", AT_WORST_S)


async def test_who_is_at_another_server_is_here_and_leaves_once(cluster: Cluster, bob: Guest) -> None:
    thread = await cluster.new_thread()
    await bob.one.connect()
    await bob.one.join(thread)
    assert present(bob.one) == ["Alice", "Bob"]
    for tab in (cluster.one, cluster.two):
        await tab.until(lambda tab=tab: told_here(tab, "Bob", thread) == [True], 3)
    await bob.two.connect()
    await bob.two.join(thread)
    assert present(bob.two) == ["Alice", "Bob"]
    await bob.one.disconnect()
    await bob.two.say("watch", project_id=cluster.project)
    await asyncio.sleep(4)  # longer than leaving takes
    assert told_here(cluster.two, "Bob", thread) == [True], "at one server still"
    await bob.two.disconnect()
    for tab in (cluster.one, cluster.two):
        await tab.until(lambda tab=tab: told_here(tab, "Bob", thread) == [True, False], 6)


async def test_who_was_with_a_server_that_died_is_gone(cluster: Cluster, bob: Guest) -> None:
    thread = await cluster.new_thread()
    await bob.one.connect()
    await bob.one.join(thread)
    await cluster.two.until(lambda: told_here(cluster.two, "Bob", thread) == [True], 3)
    first = cluster.deployment.webs[0]
    await asyncio.to_thread(first.kill)
    await cluster.two.until(lambda: told_here(cluster.two, "Bob", thread) == [True, False], 20)
    assert told_here(cluster.two, "Alice", thread)[-1:] in ([], [True]), "she has a tab here"
    await asyncio.to_thread(first.start)
    late = await other_tab(bob.one, cluster.one.url)
    await late.connect()
    await late.join(thread)
    assert sorted(present(late)) == ["Alice", "Bob"], "a server that begins knows who is at the others"
    await late.close()


def slugs(models: object) -> set[str]:
    assert isinstance(models, list)
    return {model["model_id"].partition(":")[0] for model in models}


async def offered(tab: Client, project: str, slug: str, within_s: float = 3.0) -> bool:
    """Whether the server comes to offer the provider's models in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if slug in slugs(await tab.call("GET", f"/projects/{project}/models")):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_provider_added_at_one_server_is_offered_at_the_other_and_asked_by_workers(cluster: Cluster) -> None:
    url = cluster.deployment.settings["OPENAI_BASE_URL"]
    thread = await cluster.new_thread()
    await cluster.two.say("watch", project_id=cluster.project)
    cluster.two.frames.clear()
    added = await cluster.one.call("POST", "/providers", {"name": "Harbour box", "base_url": url, "key": "sk-test"})
    assert await offered(cluster.two, cluster.project, "harbour-box", AT_WORST_S)
    news = [f["item"]["type"] for f in cluster.two.frames if f["type"] == "news"]
    assert "models.changed" in news
    ack = await cluster.two.send(thread, "Hello?", mode="ask", models=[f"harbour-box:{MODELS[0]}"])
    assert ack["type"] == "ack", ack
    room = cluster.two.rooms[thread]
    await cluster.two.until(lambda: [m["state"] for m in room.messages.values()] == ["complete", "complete"])
    await cluster.two.call("DELETE", f"/providers/{added['id']}")
    models = slugs(await cluster.two.call("GET", f"/projects/{cluster.project}/models"))
    assert "harbour-box" not in models
    deadline = time.monotonic() + AT_WORST_S
    while "harbour-box" in slugs(await cluster.one.call("GET", f"/projects/{cluster.project}/models")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_tries_are_counted_over_both_servers(cluster: Cluster) -> None:
    email = f"nobody-{uuid.uuid4().hex[:8]}@example.org"
    codes = []
    for n in range(7):
        tab = Client((cluster.one, cluster.two)[n % 2].url)
        await tab.http.get("/")
        form = {"email": email, "password": "not the password"}
        codes.append((await tab.request("POST", "/_allauth/browser/v1/auth/login", form)).status_code)
        await tab.close()
    assert codes == [401] * 5 + [429] * 2


async def test_redis_dies_and_nobody_is_signed_out(cluster: Cluster, bob: Guest) -> None:
    tabs = (bob.one, bob.two, cluster.one, cluster.two)
    for tab in tabs:
        assert (await tab.request("GET", "/me")).status_code == 200
    cluster.redis.kill()
    assert [(await tab.request("GET", "/me")).status_code for tab in tabs] == [200] * 4
    late = Watcher(cluster.two.url, "Bob")
    late.email = bob.one.email
    await late.sign_in()
    await asyncio.to_thread(cluster.redis.start)
    assert [(await tab.request("GET", "/me")).status_code for tab in (*tabs, late)] == [200] * 5
    cluster.redis.run("FLUSHALL")
    assert [(await tab.request("GET", "/me")).status_code for tab in (*tabs, late)] == [200] * 5
    await late.close()


async def test_sign_out_while_redis_is_away_is_found_in_the_rows(cluster: Cluster, bob: Guest) -> None:
    """The other server hears of it when Redis is back: whoever may have missed something looks."""
    await bob.two.connect()
    cluster.redis.kill()
    waiting = within(bob.two, lambda: goodbye_of(bob.two) == "signed_out", 45)
    assert (await bob.one.request("DELETE", "/_allauth/browser/v1/auth/session")).status_code == 401
    await asyncio.to_thread(cluster.redis.start)
    await waiting


async def test_server_with_another_secret_key_is_refused(cluster: Cluster) -> None:
    """It would sign everybody out, and be signed out by the others."""
    # Redis may have come back empty a moment ago, and those that live say their key again only then.
    deadline = time.monotonic() + 30
    with Redis.from_url(cluster.deployment.settings["REDIS_URL"]) as redis:
        while not list(redis.scan_iter("*secret-key")):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
    settings = {**cluster.deployment.settings, "SECRET_KEY": "quite another one"}
    stranger = Web("stranger", cluster.deployment.folder, settings, 0)
    with pytest.raises(Exception, match="another SECRET_KEY"):
        await asyncio.to_thread(stranger.start)
    stranger.kill()
