"""The words of the demo speakers, as data. `{question}`, `{topic}`, `{name}`, `{quote}` and `{n}` are filled in.

They say nothing about any subject that could be wrong: they show what an answer looks like here.
"""

Book = dict[str, list[str]]

ESSAY: dict[str, Book] = {
    "ada": {
        "opens": [
            "You asked: *{question}* Let me put it in order.",
            "> {question}\n\nI would take that apart before answering it.",
            "### {Topic}, in three steps\n\nThe question was *{question}*",
            "A good question has a shape. Yours, *{question}*, has at least two sides.",
        ],
        "theses": [
            (
                "The short answer: begin with what you can **measure**, and let the rest wait until it hurts. With {topic}, "
                "most of the work lies in saying precisely what you want."
            ),
            (
                "I would start from the end: what should be true about {topic} when you are done? Once that sentence stands, "
                "half of the steps fall away by themselves."
            ),
            (
                "There are two honest ways to look at {topic}: as a whole that has to fit together, and as a list of small "
                "decisions. I prefer the list, because one can tick it off."
            ),
        ],
        "points": [
            "{n}. **Name it.** Write down in one line what {topic} means here, and who would disagree.",
            "{n}. **Bound it.** Decide what is *not* part of it; that is where the time goes otherwise.",
            "{n}. **Try the smallest piece.** An hour with a real example beats a day of planning.",
            "{n}. **Write down the figure** you would look at to know whether it worked.",
            "{n}. **Keep the way back open.** A step that can be undone needs no meeting.",
            "{n}. **Ask the person it is for**, before and after, with the same question.",
        ],
        "middles": [
            (
                "| | now | in a month |\n| --- | --- | --- |\n| what it costs | an afternoon | a habit |\n"
                "| what you learn | a lot | the rest |\n| what can break | little | the plan |"
            ),
            (
                "```text\nwant  ->  smallest example  ->  one figure  ->  decide\n   ^                                      |\n"
                "   +----------------- again --------------+\n```"
            ),
            (
                "If somebody in the room sees it differently, that is worth a branch of its own: both ways can go on side "
                "by side, and nobody has to win first."
            ),
        ],
        "asides": [
            (
                "A caveat: I am a *scripted* model. My words were written beforehand, and I only arrange them around yours; a "
                "real model beside me would know something about {topic}."
            ),
            (
                "To be clear about who is speaking: this answer is scripted. It shows how answers stream, stand side by side and "
                "can be branched from, not what is true of {topic}."
            ),
        ],
        "closes": [
            "What would change your mind about {topic}? Start there.",
            "If you only do one thing: the first step, today, with a real example.",
            "Ask the other model the same thing, and compare where we differ.",
        ],
    },
    "ben": {
        "opens": [
            "*{question}* Hm. Are you sure that is the question?",
            "Before I answer “{question}”, a story.",
            "I read *{question}* twice, and the second time it was another question.",
            "> {question}\n\nFine, but who is asking, and what happens if we get it wrong?",
        ],
        "theses": [
            (
                "A harbour master once had a perfect timetable and no boats. He had optimised the part that was easy to write "
                "down. I suspect that {topic} is like that: the tidy answer is about the **wrong half**."
            ),
            (
                "Everybody has a plan for {topic} until the first Tuesday. So I would rather know what happens on the worst "
                "day than on the best one, and work backwards from there."
            ),
            (
                "People who are certain about {topic} usually looked at one example. People who are not looked at three. "
                "I have looked at none, which at least keeps me modest."
            ),
        ],
        "points": [
            "- *What if we did nothing?* Often the honest rival, seldom invited.",
            "- *Who pays when it fails?* If it is not the one who decides, be careful.",
            "- *What did the last person try?* They were no fool, and they stopped for a reason.",
            "- *Is it reversible?* Then stop arguing and try it.",
            "- *What would we see in a week* if we were wrong? If nothing, we shall never learn.",
            "- *Which word hides the problem?* In this question I would look hard at “{topic}”.",
        ],
        "middles": [
            (
                "Someone will say that this is too careful. Perhaps. But care is cheap at the beginning and expensive at the end, "
                "which is the wrong way round for most of us."
            ),
            (
                "There is a simple test, by the way:\n\n```python\ndef is_worth_it(gain, pain, can_undo):\n"
                "    return can_undo or gain > 3 * pain\n```\n\nThe three is made up. So are most of the numbers you will be shown."
            ),
            "And one more thing: the loudest argument against is usually about **last** time.",
        ],
        "asides": [
            (
                "You should know that I am scripted: no model, no knowledge, only sentences that were lying ready. "
                "Doubt me accordingly."
            ),
            (
                "None of this is thought; it is a *script* with your words sewn in. It costs nothing and it is always awake, "
                "which is more than can be said for me elsewhere."
            ),
        ],
        "closes": [
            "So: I would not say no. I would say *not yet*, and ask what we are waiting for.",
            "Convince me. Or better, convince the person who has to live with {topic}.",
            "If Ada gave you a list, keep it, and cross out the line you like best.",
        ],
    },
}

IN_TURN: dict[str, Book] = {
    "ada": {
        "opens": [
            "Let me begin with what we can agree on: {topic} is worth a plain sentence.",
            "I would start by splitting *{question}* in two.",
        ],
        "answers": [
            "{name} said: “{quote}” I agree with the direction, not with the order.",
            "“{quote}” That is well put, {name}; let me make it smaller.",
            "{name} has a point with “{quote}” Still, a point is not yet a plan.",
        ],
        "points": [
            "First **one** example of {topic}, then the rule; never the other way round.",
            "What is missing is a figure: which number would tell us that {topic} got better?",
            "I would write both versions down side by side and let the room choose.",
            "The part of {topic} that can be undone we can simply try; only the rest deserves a debate.",
        ],
        "closes": [
            "What would you cross out first?",
            "Then the next step fits into an afternoon.",
            "That much I would sign.",
        ],
    },
    "ben": {
        "opens": [
            "Somebody has to doubt it, so let me: is {topic} really the problem?",
            "*{question}* I would first ask who is better off with the answer.",
        ],
        "answers": [
            "“{quote}” So says {name}, and it sounds right, which makes me careful.",
            "{name}, when you say “{quote}”, who pays for it?",
            "I hear “{quote}” and think of the harbour master with the perfect timetable and no boats.",
        ],
        "points": [
            "On the worst day {topic} looks quite different, and the worst day is the one people remember.",
            "Doing nothing is the honest rival here, and nobody has beaten it yet.",
            "We have looked at one example of {topic}; with three we would already quarrel better.",
            "The word that hides the difficulty is “{topic}” itself.",
        ],
        "closes": [
            "But I could be talked round.",
            "Show me the case where that fails.",
            "Until then: not no, only not yet.",
        ],
    },
}
