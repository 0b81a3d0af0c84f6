import { screen } from "@testing-library/react"
import { describe, expect, it } from "vitest"

import { SettingsNav } from "@/app/settings-nav"
import { alice, ferryline } from "@/testing/cast"
import { show } from "@/testing/show"

const nav = (permissions: string[], isStaff: boolean) => (
  <SettingsNav me={{ ...alice, is_staff: isStaff }} project={{ ...ferryline, permissions }} page="account" onSignOut={() => undefined} onBack={() => undefined} />
)

describe("the pages of settings", () => {
  it.each([
    ["who manages people and models", ["read", "write", "manage_people", "manage_models"], false, ["Account", "Project", "People", "Models", "Version"]],
    ["who writes", ["read", "write"], false, ["Account", "Project", "Version"]],
    ["who looks after the server", ["read"], true, ["Account", "Project", "Models", "Version"]],
  ])("are those in which %s may change something", async (_, permissions, isStaff, pages) => {
    await show(nav(permissions, isStaff))
    expect(screen.getAllByRole("link").map((link) => link.textContent)).toEqual(pages)
  })
})
