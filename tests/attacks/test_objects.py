"""Attacks A28 to A38: ids, roles and fields of the HTTP API, tried by people who have an account and some who have none."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.attacks.conftest import CANARY_KEY, MODEL, Cast, World, over

Json = dict[str, Any]


async def document(cast: Cast) -> Json:
    answer = await cast.signed_in("root").request("GET", "/api/openapi.json")
    found: Json = answer.json()
    return found


def operations(api: Json) -> list[tuple[str, str, Json]]:
    """Method, path below the API, and description of each operation."""
    return [
        (method.upper(), path.removeprefix("/api/v1"), operation)
        for path, item in api["paths"].items()
        for method, operation in item.items()
    ]


def ids_of(world: World, **more: str) -> dict[str, str]:
    return {
        "project_id": world.project,
        "thread_id": world.private,
        "branch_id": world.private_branch,
        "message_id": world.private_message,
        "user_id": world.ids["bob"],
        **{name: str(uuid.uuid4()) for name in ("invite_id", "turn_id", "run_id", "provider_id")},
        **more,
    }


@pytest.mark.attack(28)
async def test_every_operation_is_tried_on_what_belongs_to_others(world: World, cast: Cast) -> None:
    """Mallory has an account and knows every id; nothing she is told depends on whether the thing exists."""
    mallory = cast.signed_in("mallory")
    known, unknown = ids_of(world), {name: str(uuid.uuid4()) for name in ids_of(world)}
    tried = 0
    for method, path, _ in operations(await document(cast)):
        if "{" not in path:
            continue
        tried += 1
        answers = [await mallory.request(method, path.format(**ids), {}) for ids in (known, unknown)]
        assert answers[0].status_code in {403, 404, 422}, (method, path)
        assert answers[0].status_code == answers[1].status_code, (method, path)
        assert answers[0].content == answers[1].content, (method, path)
    assert tried > 25


@pytest.mark.attack(28)
async def test_every_operation_is_tried_without_an_account(world: World, cast: Cast) -> None:
    nobody = cast.nobody()
    await nobody.http.get("/")
    for method, path, _ in operations(await document(cast)):
        if path in {"/server", "/invites/preview"}:  # what a stranger may know
            continue
        answer = await nobody.request(method, path.format(**ids_of(world)), {})
        assert answer.status_code == 401, (method, path, answer.status_code)


@pytest.mark.attack(29)
async def test_a_member_and_the_owner_rewrite_somebody_elses_message(world: World, cast: Cast) -> None:
    bob, alice = await cast.online("bob"), cast.signed_in("alice")
    said = await bob.send(world.thread, "These are my words.", mode="talk")
    path = f"/messages/{said['message_id']}"
    for other in (alice, cast.signed_in("carol"), cast.signed_in("dave")):
        assert (await other.request("PATCH", path, {"body": "put in my mouth", "revision": 1})).status_code == 403
    assert (await alice.call("GET", path))["body"] == "These are my words."


@pytest.mark.attack(30)
async def test_an_admin_takes_the_owners_work_along_by_deleting_what_holds_it(world: World, cast: Cast) -> None:
    carol, alice = cast.signed_in("carol"), cast.signed_in("alice")
    answer = await carol.request("DELETE", f"/projects/{world.project}", {"name": "Ferryline"})
    assert answer.status_code == 403
    assert (await carol.request("DELETE", f"/projects/{world.project}/members/{world.ids['alice']}")).status_code == 403
    assert (await alice.request("DELETE", f"/projects/{world.project}", {"name": "ferryline "})).status_code == 422
    assert (await alice.call("GET", f"/messages/{world.message}"))["body"]
    deletes = [path for method, path, _ in operations(await document(cast)) if method == "DELETE"]
    assert not [path for path in deletes if path.startswith(("/threads", "/branches"))]  # nothing that holds messages


@pytest.mark.attack(31)
async def test_history_is_carried_into_a_place_where_one_may_not_write_any_more(world: World, cast: Cast) -> None:
    alice, guest = cast.signed_in("alice"), await cast.newcomer("member")
    me = (await guest.call("GET", "/me"))["id"]
    fork = {"name": "mine", "from_branch_id": world.branch, "seq": 1, "variant": 0}
    start = {"line_up": [], "parent_branch_id": world.branch, "parent_seq": 1}
    await alice.call("PATCH", f"/projects/{world.project}/members/{me}", {"role": "viewer"})
    assert (await guest.request("POST", f"/threads/{world.thread}/branches", fork)).status_code == 403
    assert (await guest.request("POST", f"/projects/{world.project}/threads", start)).status_code == 403
    await alice.call("DELETE", f"/projects/{world.project}/members/{me}")
    own = (await guest.call("POST", "/projects", {"name": "Mine"}))["id"]
    for project in (world.project, own):
        assert (await guest.request("POST", f"/projects/{project}/threads", start)).status_code == 404


@pytest.mark.attack(32)
async def test_a_file_of_somebody_else_is_named_where_files_could_be(world: World, cast: Cast) -> None:
    """There are no files: no operation takes one, no body knows such a field, and no body is multipart."""
    api = await document(cast)
    text = json.dumps(api)
    for word in ("multipart/form-data", "file_id", "attachment", "upload", "octet-stream", '"binary"'):
        assert word not in text, word
    bob = cast.signed_in("bob")
    said = {"body": "x", "mode": "talk", "file_id": str(uuid.uuid4())}
    assert (await bob.request("POST", f"/threads/{world.thread}/messages", said)).status_code in {400, 422}


SMUGGLED = {
    "id": str(uuid.uuid4()), "user_id": str(uuid.uuid4()), "created_by": str(uuid.uuid4()), "role": "owner", "is_staff": True,
    "is_superuser": True, "is_active": True, "seq": 1, "head_seq": 99, "state": "complete", "cost_usd": 0, "author": "Root",
    "created_at": "2020-01-01T00:00:00Z", "project": str(uuid.uuid4()), "key_encrypted": "x", "deleted_at": None,
}  # fmt: skip


@pytest.mark.attack(33)
async def test_fields_that_are_not_the_askers_to_set_ride_along_in_a_body(world: World, cast: Cast) -> None:
    """Every body says which fields it has, and whatever else stands in it refuses the whole."""
    api = await document(cast)
    schemas = api["components"]["schemas"]
    bodies = 0
    for method, path, operation in operations(api):
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            continue
        bodies += 1
        schema = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        assert schema.get("additionalProperties") is False, (method, path)
    assert bodies > 15
    bob = cast.signed_in("bob")
    before = await bob.call("GET", "/me")
    for name, value in SMUGGLED.items():
        if name != "id":
            assert (await bob.request("PATCH", "/me", {"name": "Bob", name: value})).status_code in {400, 422}, name
        said = {"body": "x", "mode": "talk", name: value}
        answer = await bob.request("POST", f"/threads/{world.thread}/messages", said)
        assert answer.status_code in {400, 422}, name
    assert await bob.call("GET", "/me") == before
    fields = {"email": "smuggler@example.org", "password": "a calm harbour at dawn", "name": "Smuggler"}
    stranger = cast.nobody()
    await stranger.http.get("/")
    extra = {"is_staff": True, "is_superuser": True, "role": "owner"}
    await stranger.request("POST", "/_allauth/browser/v1/auth/signup", {**fields, **extra})
    assert (await stranger.call("GET", "/me"))["is_staff"] is False


@pytest.mark.attack(34)
async def test_a_reader_collects_the_servers_configuration(world: World, cast: Cast) -> None:
    """All that a viewer, an outsider and a stranger can load holds no key and no address of a provider."""
    alice = await cast.online("alice")
    await alice.join(world.thread)
    sent = await alice.send(world.thread, "What time?", mode="ask", models=[MODEL])
    room = await over(alice, world.thread, sent)
    (turn,) = [t for t, place in room.place_of.items() if room.messages[place]["run_id"] == sent["run_id"]]
    for client in (cast.signed_in("dave"), cast.signed_in("mallory"), cast.nobody()):
        await client.http.get("/")
        loaded = []
        for method, path, _ in operations(await document(cast)):
            if method == "GET":
                at = path.format(**ids_of(world, thread_id=world.thread, turn_id=turn, message_id=world.message))
                loaded.append((await client.request("GET", at)).text)
        loaded.append((await client.request("GET", "/_allauth/browser/v1/config")).text)
        text = "".join(loaded)
        assert CANARY_KEY not in text
        assert world.provider.url not in text
        assert str(world.server.data_dir) not in text


@pytest.mark.attack(35)
async def test_another_way_to_say_who_one_is_gets_past_the_door(world: World, cast: Cast) -> None:
    """The session cookie is the only credential: in another header it is nothing, and there is no other door."""
    nobody = cast.nobody()
    session = world.cookies["alice"]["parley"]
    for headers in (
        {"Authorization": f"Bearer {session}"},
        {"Authorization": f"Session {session}"},
        {"x-api-key": session},
        {"X-Session-Token": session},
        {"X-Forwarded-User": world.emails["alice"]},
        {"Remote-User": world.emails["alice"]},
        {"Cookie": f"sessionid={session}; session={session}; __Host-parley={session}"},
    ):
        assert (await nobody.http.get("/api/v1/me", headers=headers)).status_code == 401, headers
    assert (await nobody.http.get(f"/api/v1/me?session={session}&token={session}")).status_code == 401
    for path in ("/_allauth/app/v1/config", "/_allauth/app/v1/auth/session", "/_allauth/browser/v1/auth/code/request"):
        assert (await nobody.http.get(path)).status_code in {404, 405}, path


@pytest.mark.attack(35)
async def test_a_stranger_reads_how_the_server_is_set_up(world: World, cast: Cast) -> None:
    nobody = cast.nobody()
    server = (await nobody.http.get("/api/v1/server")).json()
    assert server.pop("me", None) is None  # nobody is signed in
    assert set(server) == {"name", "version", "has_people", "is_sign_up_open"}
    config = (await nobody.http.get("/_allauth/browser/v1/config")).text
    for word in ("client_id", "secret", "provider", "redis", "postgres"):
        assert word not in config.lower().replace('"providers": []', ""), word


@pytest.mark.attack(36)
async def test_an_answer_or_a_thread_quotes_a_message_one_cannot_read(world: World, cast: Cast) -> None:
    bob = await cast.online("bob")
    assert (await bob.request("GET", f"/messages/{world.private_message}")).status_code == 404
    assert (await bob.request("GET", f"/messages/{world.private_message}/revisions")).status_code == 404
    for parent in (
        {"parent_branch_id": world.private_branch, "parent_seq": 1},
        {"parent_branch_id": world.branch, "parent_seq": 1, "parent_message_id": world.private_message},
    ):
        answer = await bob.request("POST", f"/projects/{world.project}/threads", {"line_up": [], **parent})
        assert "canary-private-words" not in answer.text
        if answer.is_success:
            thread = answer.json()["thread"]["id"]
            assert "canary-private-words" not in (await bob.request("GET", f"/threads/{thread}/messages")).text
    # A reply names a place of its own branch and nothing else.
    reply = await bob.send(world.thread, "see above", mode="talk", reply_to=1)
    told = await bob.call("GET", f"/messages/{reply['message_id']}")
    assert told["reply_to"] == 1
    assert "canary-private-words" not in json.dumps(told)


@pytest.mark.attack(37)
async def test_what_was_deleted_or_reworded_is_got_by_another_way(world: World, cast: Cast) -> None:
    alice, dave = await cast.online("alice"), await cast.online("dave")
    said = await alice.send(world.thread, "canary-taken-back", mode="talk")
    await alice.call("DELETE", f"/messages/{said['message_id']}")
    await dave.join(world.thread)
    paths = [
        f"/messages/{said['message_id']}",
        f"/messages/{said['message_id']}/revisions",
        f"/threads/{world.thread}/messages",
    ]
    loaded = [(await dave.request("GET", path)).text for path in paths]
    assert "canary-taken-back" not in "".join(loaded) + json.dumps(dave.frames)
    names = json.dumps([path for _, path, _ in operations(await document(cast))])
    for word in ("export", "share", "public", "snapshot", "download"):
        assert word not in names, f"{word}: a new way out needs its own cases here"


@pytest.mark.attack(38)
async def test_an_invitation_is_used_again_elsewhere_or_guessed(world: World, cast: Cast) -> None:
    alice, carol = cast.signed_in("alice"), cast.signed_in("carol")
    guest, late = await cast.newcomer(), await cast.newcomer()
    wanted = {"role": "viewer", "note": "", "days": 1, "max_uses": 1}
    invite = await alice.call("POST", f"/projects/{world.project}/invites", wanted)
    code = invite["link"].partition("#")[2]
    assert "#" in invite["link"] and len(code) >= 22  # 128 bits, in the part of an address that is sent to nobody
    assert (await carol.request("POST", f"/projects/{world.foreign_project}/invites", wanted)).status_code == 404
    joined = await guest.call("POST", "/invites/accept", {"code": code})
    assert joined.get("id", joined.get("project_id", world.project)) == world.project
    assert (await late.request("POST", "/invites/accept", {"code": code})).status_code in {404, 409, 410}
    for wrong in (code[:-1], code.upper(), code + " ", "%00", "' OR 1=1 --"):
        answer = await late.request("POST", "/invites/accept", {"code": wrong})
        assert answer.status_code in {404, 409, 422}, wrong
    listed = await alice.request("GET", f"/projects/{world.project}/invites")
    assert code not in listed.text


@pytest.mark.attack(38)
async def test_of_many_who_use_the_last_invitation_at_once_one_gets_in(world: World, cast: Cast) -> None:
    alice, guests = cast.signed_in("alice"), [await cast.newcomer() for _ in range(3)]
    wanted = {"role": "viewer", "note": "", "days": 1, "max_uses": 1}
    invite = await alice.call("POST", f"/projects/{world.project}/invites", wanted)
    code = {"code": invite["link"].partition("#")[2]}
    answers = await asyncio.gather(*(guest.request("POST", "/invites/accept", code) for guest in guests))
    assert sorted(answer.is_success for answer in answers) == [False, False, True]
