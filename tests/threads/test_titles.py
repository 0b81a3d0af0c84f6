"""A thread's first title, from its first question."""

import pytest

from projects.models import Project, User
from threads.models import Thread
from threads.progress import note_said
from threads.services import create_thread
from threads.titles import title_from

pytestmark = pytest.mark.django_db


def test_first_question_names_the_thread(alice: User, project: Project) -> None:
    thread = create_thread(alice.id, project.id, line_up=[])
    note_said(thread, "How do ferries *sell* seats? And when?")
    note_said(thread, "Another question")
    assert Thread.objects.get(pk=thread.pk).title == "How do ferries sell seats?"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("How do ferries sell seats? And when?", "How do ferries sell seats?"),
        ("Sell them early. Then late.", "Sell them early"),
        ("# Plan\n\n- first", "Plan"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("@Claude @GPT what is a berth?", "what is a berth?"),
        ("[Look](https://example.org/x) here", "Look here"),
        ("   \n\n***\n", ""),
        ("a" * 200, "a" * 79 + "…"),
        ("\u202eevil\u202c title", "evil title"),
        ("", ""),
    ],
)
def test_title_from_a_question(body: str, title: str) -> None:
    assert title_from(body) == title


def test_title_of_a_long_question_ends_at_a_word() -> None:
    title = title_from("word " * 60)
    assert len(title) <= 80
    assert title.endswith("word…")
