import { describe, expect, it } from "vitest"

import { arrange, type Wishes } from "@/lib/shell"

const none: Wishes = { panel: null, isListShut: false, isListOver: false, isListKept: false }
const open: Wishes = { ...none, panel: "people" }

describe("what stands where", () => {
  it.each([
    [390, none, "phone", "screen", "none"],
    [390, open, "phone", "screen", "screen"],
    [834, none, "tablet", "none", "none"],
    [834, { ...none, isListOver: true }, "tablet", "over", "none"],
    [834, open, "tablet", "none", "over"],
    [1152, none, "laptop", "beside", "none"],
    [1152, open, "laptop", "none", "beside"], // the room would fall under 640
    [1287, open, "laptop", "none", "beside"],
    [1288, open, "laptop", "beside", "beside"],
    [1440, { ...none, isListShut: true }, "laptop", "none", "none"],
    [1440, open, "laptop", "beside", "beside"],
    [1789, open, "wide", "beside", "beside"],
    [1790, open, "wide", "none", "beside"], // saves the fourth lane
    [2038, open, "wide", "none", "beside"],
    [2039, open, "wide", "beside", "beside"],
    [1920, none, "wide", "beside", "none"],
  ] as const)("at %i", (width, wishes, size, list, panel) => {
    expect(arrange(width, wishes)).toEqual({ size, list, panel })
  })

  it("brings the list back by its key where it had folded away", () => {
    expect(arrange(1920, { ...open, isListKept: true }).list).toBe("beside")
    expect(arrange(1152, { ...open, isListKept: true }).list).toBe("beside")
  })
})
