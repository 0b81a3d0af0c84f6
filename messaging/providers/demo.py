"""The two demo speakers: pleasant, varied, always the same for the same prompt, and honest that they are scripted.

Ada orders things; Ben doubts them. They quote the question and, where several speak in turn, the one before them.
"""

import random
import re
from collections.abc import Sequence

from msgspec import Struct

from messaging.providers import demo_words as words
from messaging.providers.base import ChatMessage


class Speaker(Struct, frozen=True):
    """`rate` is in tokens a second: about as fast as people skim."""

    id: str
    name: str
    seed: int
    rate: float


SPEAKERS = {
    "ada": Speaker("ada", "Scripted · Ada", 11, 45.0),
    "ben": Speaker("ben", "Scripted · Ben", 23, 38.0),
}

# "Bob: …" or "Scripted · Ben: …"; not "3 thoughts: …" and not "Note: …", which people and models write too.
_LABEL = re.compile(
    r"^(?!(?:Note|Notes|Example|Summary|Answer|Question|Tip|Step|Warning|Conclusion|First|Second|Third|Finally)\b)"
    r"(?P<name>[^\W\d_][\w'’.-]*(?: (?:·|[^\W\d_a-z][\w'’.-]*|[0-9.]+)){0,4}): (?P<text>.*)",
    re.DOTALL,
)
_WRAPPED = re.compile(r'<msg from="(?P<name>[^"]*)"[^>]*>(?P<text>.*?)</msg>', re.DOTALL)
_TURN = re.compile(r"^[^\n]{1,80}, it is your turn\.|^It is your turn, [^\n]{1,80}:", re.MULTILINE)
_STOP_WORDS = (
    "a about all also an and any are as at be because been being but by can could did do does else every explain few "
    "for from give get had has have how i if in into is it its just let like list make many me more most much must my "
    "need no not of on one only or other our out please should show so some such take tell than that the their them "
    "then there these they this those three to two up us use very want was we were what when where which while who "
    "why will with would write you your"
)
_STOP = frozenset(_STOP_WORDS.split())


class Heard(Struct, frozen=True):
    """What a speaker makes of a prompt: the question, its topic, who spoke last, whether they speak in turn."""

    question: str
    topic: str
    previous_name: str
    previous: str
    is_in_turn: bool
    own_turns: int


def speak(speaker: Speaker, messages: Sequence[ChatMessage], rng: random.Random) -> str:
    """Compose the answer: two to four sentences in turn, else some paragraphs of markdown."""
    heard = listen(messages, speaker)
    if heard.is_in_turn:
        return _reply(speaker, heard, rng)
    return _essay(speaker, heard, rng)


def listen(messages: Sequence[ChatMessage], speaker: Speaker) -> Heard:
    """Find the question and the last other speaker in a prompt, however it was marked."""
    users = [message.content for message in messages if message.role == "user"]
    last = users[-1] if users else ""
    is_in_turn = _TURN.search(last) is not None
    said = [part for text in users for part in _parts(text) if part[0] != speaker.name]
    own = sum(1 for message in messages if message.role == "assistant")
    if not said:
        return Heard("", "this", "", "", is_in_turn, own)
    question = said[0][1] if is_in_turn else said[-1][1]
    name, text = said[-1] if is_in_turn and len(said) > 1 else ("", "")
    return Heard(_one_line(question, 160), topic_of(question), name, _telling_sentence(text), is_in_turn, own)


def _parts(text: str) -> list[tuple[str, str]]:
    """Who said what in one message of a prompt."""
    if wrapped := _WRAPPED.findall(text):
        return [(name, inner.strip()) for name, inner in wrapped]
    parts: list[tuple[str, str]] = []
    for block in text.split("\n\n"):
        if not block.strip() or _TURN.search(block):
            continue
        if found := _LABEL.match(block):
            parts.append((found["name"], found["text"].strip()))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n\n{block}")
        else:
            parts.append(("", block.strip()))
    return parts


def topic_of(question: str) -> str:
    """One or two words of a question that it seems to be about: the longest that carry meaning, as they stood."""
    found = [w.lower() for w in re.findall(r"[^\W\d_][\w'’-]*", question[:600])]
    telling = list(dict.fromkeys(word for word in found if word not in _STOP and len(word) > 2))
    chosen = sorted(telling, key=lambda word: (-len(word), telling.index(word)))[:2]
    return " ".join(sorted(chosen, key=telling.index)) or "this"


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def _telling_sentence(text: str) -> str:
    """The first sentence of a text that says something itself, without markup."""
    plain = re.sub(r"(?m)^(?:#+ .*|[-*>|].*|```.*)$", "", text)
    plain = re.sub(r"[*_`]", "", " ".join((plain.strip() or text).split()))
    sentences = re.findall(r".+?[.!?](?=\s|$)|.+$", plain)
    own = [s.strip() for s in sentences if len(s.split()) > 4 and not re.search("[“”]", s)]
    return _one_line(re.sub("[“”]", "", (own or sentences or [""])[0].strip()), 140)


def _set_off(topic: str) -> str:
    return topic if topic == "this" else f"*{topic}*"


def _reply(speaker: Speaker, heard: Heard, rng: random.Random) -> str:
    book = words.IN_TURN[speaker.id]
    fill = {
        "topic": _set_off(heard.topic),
        "name": heard.previous_name,
        "quote": heard.previous,
        "question": heard.question,
    }
    opening = rng.choice(book["answers" if heard.previous_name and heard.previous else "opens"])
    middle = book["points"][(heard.own_turns + rng.randrange(len(book["points"]))) % len(book["points"])]
    return " ".join(part.format(**fill) for part in (opening, middle, rng.choice(book["closes"])))


def _essay(speaker: Speaker, heard: Heard, rng: random.Random) -> str:
    book = words.ESSAY[speaker.id]
    question = heard.question or "Nothing was asked."
    fill = {"topic": _set_off(heard.topic), "Topic": heard.topic[:1].upper() + heard.topic[1:], "question": question}
    points = [point.replace("{n}", str(n)) for n, point in enumerate(rng.sample(book["points"], 3), 1)]
    blocks = [rng.choice(book["opens"]), rng.choice(book["theses"])]
    blocks.append("\n".join(points))
    blocks.append(rng.choice(book["asides"]))
    blocks.append(rng.choice(book["closes"]))
    if rng.random() < 0.7:
        blocks.insert(rng.choice((2, 3)), rng.choice(book["middles"]))
    return "\n\n".join(block.format(**fill) for block in blocks)
