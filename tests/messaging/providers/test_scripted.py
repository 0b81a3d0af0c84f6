"""The scripted models: the same words for the same prompt, everywhere; pleasant ones for people."""

import asyncio
import itertools
import json
import sys

import httpx
import pytest

from messaging.providers import demo, demo_words
from messaging.providers.base import ChatMessage
from messaging.providers.scripted import UnknownScriptError, answer, expected_text, read_name
from messaging.providers.scripted_server import ScriptedServer

QUESTIONS = [
    "How should we plan the winter timetable?",
    "Name three ways to test a retry.",
    "Why is the sky blue? Explain it to a child, please.",
    "ok",
    "🛶 {topic} \n\n <b>x</b> {}",
    "",
]


def user(text: str) -> list[ChatMessage]:
    return [ChatMessage("user", text)]


@pytest.mark.parametrize("model", ["ada", "ben"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_demo_answer_is_markdown_in_paragraphs_and_always_the_same(model: str, question: str) -> None:
    text = expected_text(model, user(question))
    assert text == expected_text(model, user(question))
    assert text.count("\n\n") >= 4
    assert 80 < len(text.split()) < 320
    assert "script" in text.lower(), "it says what it is"
    if question == QUESTIONS[0]:
        assert question in text


def test_demo_answers_vary_with_the_question_and_the_speaker() -> None:
    texts = {expected_text(model, user(f"{q} {n}")) for model in ("ada", "ben") for q in QUESTIONS for n in range(5)}
    assert len(texts) == 60


def test_every_sentence_of_the_book_can_be_filled_in() -> None:
    fill = dict.fromkeys(("topic", "Topic", "question", "name", "quote", "n"), "x")
    for book in itertools.chain(demo_words.ESSAY.values(), demo_words.IN_TURN.values()):
        for sentence in itertools.chain(*book.values()):
            assert "{" not in sentence.format(**fill).replace("{\n", "")


@pytest.mark.parametrize(
    "prompt",
    [
        (
            "Bob: Is the ferry late?\n\nScripted · Ben: I doubt the whole timetable. And more.\n\n"
            "Scripted · Ada, it is your turn. Answer in one or two sentences."
        ),
        (
            '<msg from="Bob" kind="person" n="1">Is the ferry late?</msg>\n\n<msg from="Scripted · Ben" kind="model" n="1">'
            "I doubt the whole timetable. And more.</msg>\n\nIt is your turn, Scripted · Ada: round 1 of 2."
        ),
    ],
)
def test_in_turn_the_speaker_before_is_quoted_by_name(prompt: str) -> None:
    text = expected_text("ada", user(prompt))
    assert "Scripted · Ben" in text or "“I doubt the whole timetable.”" in text
    assert "I doubt the whole timetable." in text
    assert 15 < len(text.split()) < 90 and "\n" not in text
    assert "it is your turn" not in text.lower()


def test_lines_that_only_look_like_a_name_are_part_of_what_was_said() -> None:
    prompt = (
        "Bob: Is the ferry late?\n\nSmolLM2 Contrary: I do not think that it is late at all.\n\n3 thoughts: one\n\nNote: two\n\n"
        "Scripted · Ada: “I do not think that it is late at all.” Well put. A figure is what is missing here.\n\n"
        "Scripted · Ben, it is your turn. Answer in one or two sentences."
    )
    heard = demo.listen(user(prompt), demo.SPEAKERS["ben"])
    assert (heard.previous_name, heard.previous) == ("Scripted · Ada", "A figure is what is missing here.")
    without_ada = demo.listen(user(prompt), demo.SPEAKERS["ada"])
    assert (without_ada.previous_name, without_ada.previous) == (
        "SmolLM2 Contrary",
        "I do not think that it is late at all.",
    )
    assert heard.question == "Is the ferry late?"


def test_the_first_to_speak_quotes_nobody() -> None:
    prompt = "Bob: Is the ferry late?\n\nScripted · Ada, it is your turn. Answer in one or two sentences."
    assert demo.listen(user(prompt), demo.SPEAKERS["ada"]).previous == ""
    assert "“”" not in expected_text("ada", user(prompt))


def test_the_test_model_says_exactly_as_many_tokens_as_asked() -> None:
    for count in (0, 1, 7, 400):
        tokens = answer(read_name(f"script?tokens={count}&seed=3"), user("hello"))
        assert len(tokens) == count
    assert expected_text("script?seed=1", user("a")) != expected_text("script?seed=2", user("a"))
    assert expected_text("script?seed=1", user("a")) != expected_text("script?seed=1", user("b"))


@pytest.mark.parametrize(
    "name", ["eve", "ada?tokens=3", "script?tokens=x", "script?fault=boom", "script?rate=0", "script?unknown=1", ""]
)
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(UnknownScriptError):
        read_name(name)


async def test_test_models_are_there_only_when_they_are_on() -> None:
    server = ScriptedServer()
    await server.start()
    body = {"model": "script?tokens=3", "messages": [{"role": "user", "content": "x"}]}
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        assert (await client.post("/chat/completions", json=body)).status_code == 404
        assert (await client.post("/chat/completions", json={**body, "model": "ada"})).status_code == 200
        assert (await client.get("/admin/requests")).status_code == 404
        assert not server.records  # each holds a whole thread, and nobody would ever look
        assert [m["id"] for m in (await client.get("/models")).json()["data"]] == ["ada", "ben"]
    await server.stop()


async def test_requests_are_recorded(server: ScriptedServer) -> None:
    body = {"model": "script?tokens=3&rate=999", "messages": [{"role": "user", "content": "x"}], "stream": True}
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        await client.post("/chat/completions", json=body)
        found = (await client.get("/admin/requests")).json()
        assert [(r["model"], r["tokens_sent"], r["is_cancelled"], r["status"]) for r in found] == [
            ("script?tokens=3&rate=999", 3, False, 200)
        ]
        await client.post("/admin/reset")
        assert (await client.get("/admin/requests")).json() == []


async def test_it_runs_alone_and_prints_its_address() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "messaging.providers.scripted_server", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout
        address = (await asyncio.wait_for(child.stdout.readline(), 20)).decode().strip()
        async with httpx.AsyncClient(trust_env=False) as client:
            body = {"model": "ada", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
            answered = await client.post(f"{address}/chat/completions", content=json.dumps(body))
        choice = answered.json()["choices"][0]
        assert choice["finish_reason"] == "length" and choice["message"]["content"]
    finally:
        child.terminate()
        await child.wait()
