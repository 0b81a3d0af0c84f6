import { describe, expect, it } from "vitest"

import { sentence } from "@/features/projects/audit-words"

const said = (action: string, subject = "", data: Record<string, string | number> = {}, actor = "Alice") => sentence({ at: "2026-11-21T10:00:00Z", actor, action, subject, data })

describe("the audit log", () => {
  it.each([
    [said("member.role_changed", "Bob", { old: "member", new: "viewer" }), "Alice changed Bob from member to viewer."],
    [said("invite.created", "Printers", { role: "viewer", max_uses: 3 }), "Alice made an invitation for “Printers” as viewer, for 3."],
    [said("invite.created", "", { role: "member", max_uses: 1 }), "Alice made an invitation as member, for 1."],
    [said("project.renamed", "Home", { to: "Ferryline" }), "Alice renamed Home to Ferryline."],
    [said("member.left", "Bob", {}, "Bob"), "Bob left."],
    [said("project.deleted", "Home", {}, ""), "Somebody who is gone deleted Home."],
  ])("%s", (sentence, expected) => expect(sentence).toBe(expected))

  it("says by its name what has no sentence yet", () => {
    expect(said("thread.split_apart", "Home")).toBe("Alice thread split apart: Home.")
  })
})
