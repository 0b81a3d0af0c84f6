/** room, lanes, talk, history and states of the pictures: to be looked at beside them. */

import { run } from "@/testing/make"
import { at, SceneMaker } from "@/testing/scenes"
import type { Scene } from "@/testing/stage-server"

const QUESTION = "Two people tap the last seat on the 17:40 in the same second. How do we make sure one of them gets it, and the other hears it kindly?"
const TABLE = `All of them read the free list, waited, and then trusted it. Nothing between the two steps asks again.

| Gap between the two buyers | Pairs | Sailing |
|---|---|---|
| under 100 ms | 19 | Friday 17:40 |
| 100 to 400 ms | 12 | Friday 17:40, Sunday 09:15 |`
const GPT = `**Let the database refuse the second sale.** A unique rule on sailing and seat turns the race into an error you can catch.

\`\`\`sql
CREATE UNIQUE INDEX one_seat_once
  ON ticket (sailing_id, seat)
  WHERE state IN ('held', 'sold');
\`\`\`

1. Insert the hold first, take the payment after.
2. On \`23505\`, offer the nearest free seat.
3. Sweep holds older than ten minutes.`
const CLAUDE = `These are two problems. **Correctness** belongs in the database. **Kindness** belongs in the moment before payment.

For the first, a partial unique index is enough under \`READ COMMITTED\`: two inserts meet, one waits, the loser gets an error.

For the second, hold the seat when it is tapped, before any card number. Then put the next best one under the thumb:

> Seat 14A went a moment before you. 14B is beside it and still`
const LIMIT = { kind: "rate_limit" as const, message: "Gemini is at its limit for this minute. It goes again by itself. The other lanes carry on without it.", retryable: true, status: 429 }
const fast = { tokens_out: 412, cost_usd: 0.018, first_token_ms: 620, duration_ms: 6420 }

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

export function room(id = "room"): Scene {
  const scene = new SceneMaker(id, "Double bookings on the last seat")
    .say("Support has 31 tickets since Friday from people who paid for a seat that somebody else already had.", { by: "Bob", at: at("14:21") })
    .ask("@Claude I put the traces in the thread. What do these 31 have in common?", [2], { by: "Carol", at: at("14:26") })
  scene.place.answer(2, TABLE, { tokens_out: 210, cost_usd: 0.031, first_token_ms: 710, duration_ms: 3890 }, { created_at: at("14:26") })
  scene.ask(QUESTION, [1, 2, 3])
  const { answer, write } = scene.place
  answer(1, "An older answer.", fast, { lane: 0, variant: 0 })
  answer(1, GPT, fast, { lane: 0, variant: 3 })
  answer(1, "One more.", fast, { lane: 0, variant: 4 })
  write(2, CLAUDE, {}, { lane: 1, variant: 1, meta: { first_token_ms: 810 } })
  const third = write(3, "", { retry_at: inSeconds(18) }, { lane: 2, variant: 2, state: "waiting", meta: { error: LIMIT } })
  scene.runs.push(run({ id: `${id}-run-4`, thread_id: id, started_at: new Date(Date.now() - 9400).toISOString() }))
  scene.then(
    { type: "turn.waiting", turn_id: third, attempt: 1, why: "retry", retry_at: inSeconds(18), error: LIMIT },
    { type: "typing", person: { id: "bob", name: "Bob" }, for_ms: 86_400_000 },
    { type: "choice.changed", choice: { branch_id: `${id}-main`, seq: 5, lane: 0, variant: 3, is_own: false }, by: "Bob" },
  )
  return scene.make()
}

export function lanes(id = "lanes"): Scene {
  const scene = new SceneMaker(id, "Naming the night service")
  scene.lineUp = [1, 2, 3, 7, 5, 4]
  scene.ask("What should we call the boat that leaves at midnight and arrives with the bread?", [1, 2, 3, 7, 5, 4], { by: "Bob", at: at("09:12") })
  const { answer, write } = scene.place
  const figures = (first: number, speed: number, tokens: number, cost: number) => ({ first_token_ms: first, duration_ms: first + (tokens / speed) * 1000, tokens_out: tokens, cost_usd: cost })
  answer(1, "**Ovenlight.** It says night and arrival in one word, and it is easy to say on a bad phone line.", figures(580, 74, 88, 0.002))
  answer(2, `**The Baker.** People will say “I am taking the Baker” without being taught.\n\nSecond choice: *First Loaf*. ${"It is warm, it is short, and nobody has to spell it. ".repeat(10)}`, figures(770, 66, 121, 0.004))
  answer(3, `**Midnight Line.** Plain, searchable, no explanation on the timetable.\n\nIt also sorts well beside Day Line. ${"A line of the timetable that needs no footnote is worth a lot. ".repeat(12)}`, figures(1210, 121, 164, 0.003))
  answer(7, "**Dawnferry.** Close to our own name, so it needs no new logo.", figures(690, 58, 73, 0.001))
  write(5, "**Crumb.** Small, warm and a little funny. On a ticket it reads", {}, { meta: { first_token_ms: 340 } })
  answer(4, "**Night Bread Boat.** It is a boat at night with bread.", figures(90, 31, 19, 0))
  return scene.make()
}

const TURNS: [number, string][] = [
  [1, "“You get your money back until the gate closes; after that, only if we did not sail.” It has the two things a wet person wants to know: until when, and what if."],
  [2, "Keep the two halves, lose “the gate closes”: nobody on the quay knows when that is. Say “until ten minutes before”. A clock can be read in the rain."],
  [3, "Ten minutes is right for the 17:40, but the 09:15 closes at twenty. A rule with two clocks is not one sentence."],
]
const said = { first_token_ms: 580, duration_ms: 2500, tokens_out: 138, cost_usd: 0.004 }

export function talk(hasEnded = false, id = hasEnded ? "talk-ended" : "talk"): Scene {
  const scene = new SceneMaker(id, "Refund rules in plain words")
  const { runs } = scene
  scene.ask("How do we tell our refund rule in one sentence, to somebody who stands in the rain?", [1, 2, 3], { by: "Carol", at: at("14:51"), change: { run_id: `${id}-talk` } }, { run_kind: "in_turn" })
  for (const [slot, body] of TURNS) scene.turn(slot, 1, body, at("14:52"), said)
  scene.say("Children’s tickets: you all forgot them. They are refunded at any time.", { by: "Bob", at: at("14:52") })
  scene.turn(1, 2, "Then let the rule be about the person and not the clock: “If you did not travel, you are paid back; a child always.” The gate can be the harbour’s business.", at("14:53"), said)
  const words = "That is shorter, but it promises too much: a person who slept through the boat did not travel either. Gemini’s two clocks are real. What if the ticket itself carries the minute, so that the rule only has to"
  scene.turn(2, 2, words, at("14:53"), { ...said, first_token_ms: 770 }, !hasEnded)
  const talking = { id: `${id}-talk`, thread_id: id, branch_id: `${id}-main`, kind: "in_turn" as const, prompt_seq: 1, asked_by: "Carol", models: ["m:1", "m:2", "m:3"], rounds: 3, turns_total: 9 }
  if (!hasEnded) {
    runs.push(run({ ...talking, round: 2, turns_done: 4, next_model_id: "m:3", cost_usd: 0.021, started_at: new Date(Date.now() - 48_000).toISOString() }))
    return scene.make()
  }
  scene.turn(3, 2, "Printed minutes work for both boats. The quay has no screen at night; paper does.", at("14:53"), said)
  scene.turn(1, 3, "I give up “did not travel”. “The minute on your ticket is yours: until then we pay it back, and a child’s always.”", at("14:53"), said)
  scene.turn(2, 3, "Yes. I would only turn it round, so that it starts with what the person holds: “Until the minute printed on your ticket you get your money back; for a child, always.” I have nothing to add to that.", at("14:54"), said)
  scene.turn(3, 3, "Nor I. It is one clock, it is on paper, and it is the same for both boats.", at("14:54"), said)
  runs.push(run({ ...talking, state: "done", round: 3, turns_done: 9, reason: "Ended after round 3, as Carol asked.", cost_usd: 0.042, started_at: at("14:52"), ended_at: new Date(Date.parse(at("14:52")) + 105_000).toISOString() }))
  return scene.make()
}

export function history(id = "history"): Scene {
  const wednesday = "2025-11-18T"
  const thursday = "2025-11-19T"
  const scene = new SceneMaker(id, "Offline tickets on the quay").present("Alice", "Carol", "Dilan")
  scene.ask("What must a ticket still prove when nobody on the quay has a network?", [1, 2, 3], { at: at("11:20", wednesday) })
  const { answer } = scene.place
  answer(1, "That it was sold once, for this boat.", fast)
  answer(2, "That it was sold once, for this boat, to whoever holds it. A signature over the sailing and the seat is enough, and the scanner carries the key.", { ...fast, first_token_ms: 500 })
  answer(3, "Its date.", fast)
  scene
    .say("I stood at the gate for both evening boats. The scanner lost the network for eleven minutes, and 64 people were let on by hand.", { by: "Dilan", at: at("16:40", thursday) })
    .say("None of them had a bad ticket. Two had no ticket.", { by: "Dilan", at: at("16:41", thursday), change: { edited_at: at("16:42", thursday), revision: 2 } })
    .say("The old harbour master knew both by name.", { by: "Dilan", at: at("16:42", thursday) })
    .say("", { by: "Bob", at: at("16:50", thursday), change: { state: "deleted" } })
    .say("Then the question is not the ticket. What does the scanner have to know by heart, and since when?", { by: "Eira", at: at("16:58", thursday) })
  scene.readSeq = 7
  scene
    .say("Ten minutes is a whole boat. Who pays for the seat that two people sit on?", { by: "Carol", at: at("17:41", "2025-11-20T") })
    .say("And please not the one who came first.", { by: "Carol", at: at("17:42", "2025-11-20T") })
  return scene.make()
}

export function states(id = "states"): Scene {
  const scene = new SceneMaker(id, "Every state of a lane")
  scene.ask("From asked to answered?", [1, 2, 3, 4])
  const first = scene.place
  const one = first.write(1, "", { position: 3 }, { state: "queued" })
  const two = first.write(2, "", {}, { state: "queued" })
  first.write(3, "Hold the seat when it is tapped, before any card", {}, { meta: { first_token_ms: 810 } })
  first.answer(4, "Use a unique rule in the database.", { first_token_ms: 90, duration_ms: 3190, tokens_out: 96, cost_usd: 0 })
  scene.ask("When it does not go to plan?", [1, 2, 3, 4])
  const second = scene.place
  second.answer(1, "Let the database refuse the second sale. A unique rule on", { first_token_ms: 620, tokens_out: 112, cost_usd: 0.011, stopped_by: "Bob" }, { state: "cancelled" })
  const six = second.write(2, "", { retry_at: inSeconds(18) }, { state: "waiting" })
  second.answer(3, "", { attempt: 3, duration_ms: 14_200, error: { kind: "auth", message: "Gemini refuses the key. An admin can put a new one under Settings, Models.", retryable: false, detail: "HTTP 401 invalid_api_key", status: 401 } }, { state: "failed" })
  second.answer(4, "Use a unique rule in the database.", { attempt: 2, first_token_ms: 110, duration_ms: 3600, tokens_out: 104, cost_usd: 0, earlier_attempts: [{ attempt: 1, text: "Use a lock in the table, and wait for it until it is free", reason: "the server was started again", ended_at: at("14:32") }] })
  scene.ask("And what else?", [5, 7])
  const third = scene.place
  const nine = third.write(5, "", {}, { state: "streaming" })
  third.answer(7, "The seat is held for ten minutes, and then", { first_token_ms: 400, duration_ms: 2000, tokens_out: 12 }, { state: "interrupted" })
  scene.then(
    { type: "turn.waiting", turn_id: one, attempt: 1, why: "queue", position: 3, limit: 4 },
    { type: "turn.started", turn_id: two, message_id: "x", attempt: 1, started_at: at("14:32") },
    { type: "turn.waiting", turn_id: six, attempt: 1, why: "retry", retry_at: inSeconds(18), error: { kind: "rate_limit", message: "Claude is at its limit for this minute.", retryable: true } },
    { type: "turn.reasoning", turn_id: nine, attempt: 1, at: 0, n: 104, text: "The index alone decides who wins; what is left is how soon the other one hears of it, and what it says then" },
  )
  return scene.make()
}

export function empty(id = "empty"): Scene {
  const scene = new SceneMaker(id, "First thread").present("Alice")
  scene.lineUp = [4, 5]
  return scene.make()
}

/** A thread of so many messages, of which the last page is there at first. */
export function long(count: number, id = "long"): Scene {
  const scene = new SceneMaker(id, "A long thread")
  for (let n = 1; n <= count; n++) scene.say(`Message ${n}. ${"It says a little more than the last. ".repeat((n * 7) % 5)}`, { by: ["Alice", "Bob", "Carol"][(n * 3) % 3] ?? "Alice", at: new Date(Date.now() - (count - n) * 60_000).toISOString() })
  scene.older = scene.messages.splice(0, Math.max(0, count - 50))
  return scene.make()
}
