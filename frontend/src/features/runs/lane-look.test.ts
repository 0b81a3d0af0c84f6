import { describe, expect, it } from "vitest"

import { bestOf, figuresOf, firstWord, speedWords, tokenWords, wordCount } from "@/features/runs/figures"
import { announcement, doneWord, phaseOf, placeInLine, ruleOf, secondsUntil, splitError, triesWords, whyQueued } from "@/features/runs/lane-look"
import type { TurnText } from "@/lib/room-state"
import { answer } from "@/testing/make"

const turn = (change: Partial<TurnText> = {}): TurnText => ({
  turnId: "t", messageId: "m", attempt: 1, text: "", next: 0, reasoning: "", reasoningNext: 0, waiting: null, askedAt: 1000, firstWordAt: null, seenFrom: 0, ...change,
})
const waiting = (change = {}) => ({ why: "queue" as const, position: 3, limit: 4, retryAt: null, error: null, ...change })

describe("a lane's state", () => {
  it.each([
    ["queued", answer(2, 0, "", { state: "queued" }), turn({ waiting: waiting() }), "dotted"],
    ["asked", answer(2, 0, "", { state: "queued" }), turn(), "dotted"],
    ["asked", answer(2, 0, "", { state: "streaming" }), turn(), "dotted"],
    ["thinking", answer(2, 0, "", { state: "streaming" }), turn({ reasoning: "Hm" }), "dotted"],
    ["writing", answer(2, 0, "", { state: "streaming" }), turn({ text: "A", reasoning: "Hm" }), "running"],
    ["retrying", answer(2, 0, "", { state: "waiting" }), turn({ waiting: waiting({ why: "retry" }) }), "dotted"],
    ["done", answer(2, 0, "A"), undefined, "full"],
    ["stopped", answer(2, 0, "A", { state: "cancelled" }), undefined, "off"],
    ["failed", answer(2, 0, "", { state: "failed" }), undefined, "off"],
    ["broken", answer(2, 0, "A", { state: "interrupted" }), undefined, "off"],
  ] as const)("is %s", (phase, message, live, rule) => {
    expect(phaseOf(message, live)).toBe(phase)
    expect(ruleOf(phaseOf(message, live))).toBe(rule)
  })

  it("has words", () => {
    expect([1, 3, 14].map(placeInLine)).toEqual(["next in line", "third in line", "number 14 in line"])
    expect(whyQueued(waiting())).toBe("four at once is this provider’s limit")
    expect(doneWord(answer(2, 0, "", { meta: { attempt: 2 } }))).toBe("finished, second try")
    expect(triesWords(answer(2, 0, "", { meta: { attempt: 3, duration_ms: 14_200 } }))).toBe("after three tries, 14 s")
    expect(triesWords(answer(2, 0, "", { meta: {} }))).toBe("before its first word")
    expect(secondsUntil("2025-11-21T14:32:18Z", Date.parse("2025-11-21T14:32:00.5Z"))).toBe(18)
    expect(secondsUntil("2025-11-21T14:32:18Z", Date.parse("2025-11-21T14:33:00Z"))).toBe(0)
    expect(splitError({ kind: "rate_limit", message: "Gemini is at its limit for this minute. It goes again by itself." }, "x")).toEqual({
      head: "Gemini is at its limit for this minute.",
      rest: "It goes again by itself.",
    })
    expect(splitError(null, "Gemini").head).toBe("Gemini did not answer.")
  })

  it("is announced when it begins and when it is over", () => {
    expect(announcement("Claude", answer(2, 0, "", { state: "streaming" }), turn(), 0)).toBe("Claude is writing")
    expect(announcement("Claude", answer(2, 0, "A"), undefined, 0)).toBe("Claude finished, 412 tokens")
    expect(announcement("Claude", answer(2, 0, "", { state: "waiting" }), turn({ waiting: waiting({ why: "retry", retryAt: new Date(18_000).toISOString() }) }), 0)).toBe(
      "Claude failed, tries again in 18 seconds",
    )
  })
})

describe("figures", () => {
  it("of a finished answer are the server's", () => {
    const figures = figuresOf(answer(2, 0, "A"), undefined, 0)
    expect(figures).toMatchObject({ firstMs: 620, tokens: 412, cost: 0.018, isSoFar: false })
    expect(speedWords(figures.speed ?? 0)).toBe("71 tok/s")
    expect(firstWord(620)).toBe("0.62 s")
    expect(tokenWords(figures)).toBe("412 tokens")
  })

  it("of one being written are measured here, and say that they are about", () => {
    const figures = figuresOf(answer(2, 0, "", { state: "streaming", meta: {} }), turn({ text: "x".repeat(592), next: 592, firstWordAt: 1810 }), 4122)
    expect(figures.firstMs).toBe(810)
    expect(speedWords(figures.speed ?? 0)).toBe("64 tok/s")
    expect(tokenWords(figures)).toBe("about 148 tokens so far")
  })

  it("claim nothing that was not seen", () => {
    const late = figuresOf(answer(2, 0, "", { state: "streaming", meta: {} }), turn({ text: "xxxx", next: 4, askedAt: null, firstWordAt: null, seenFrom: 4 }), 9000)
    expect(late).toMatchObject({ firstMs: null, speed: null, tokens: 1 })
    expect(figuresOf(answer(2, 0, "", { meta: {} }), undefined, 0)).toMatchObject({ firstMs: null, speed: null, tokens: null, cost: null })
  })

  it("are best only among several", () => {
    const all = [figuresOf(answer(2, 0, "A"), undefined, 0), figuresOf(answer(2, 1, "B", { meta: { first_token_ms: 90, cost_usd: 0 } }), undefined, 0)]
    expect(bestOf(all)).toEqual({ firstMs: 90, cost: 0 })
    expect(bestOf(all.slice(0, 1))).toEqual({})
  })

  it("count words", () => {
    expect(wordCount("The words are kept")).toBe(4)
    expect(wordCount("")).toBe(0)
  })
})
