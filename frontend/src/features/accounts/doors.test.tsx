import { screen } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { describe, expect, it, vi } from "vitest"

import { agentName } from "@/features/accounts/agent"
import { SignInDoor, SignUpDoor } from "@/features/accounts/doors"
import { JoinDoor } from "@/features/accounts/join"
import { codeIn } from "@/features/accounts/join-with-it"
import { alice } from "@/testing/cast"
import { fakeServer, Refusal } from "@/testing/fake-server"
import { show } from "@/testing/show"

const server = { name: "Parley", version: "0.1.0", has_people: true, is_sign_up_open: false, me: null }
const preview = { state: "open", reason: "", project_name: "Ferryline", project_about: "Boats.", invited_by: "Carol", role: "member", expires_at: "2026-11-28T14:52:00Z", member_count: 7, is_member: false, project_id: null }
const done = () => Promise.resolve()

describe("signing in", () => {
  it("says the server's words, which count the tries down", async () => {
    fakeServer({ "POST /_auth/auth/login": new Refusal(401, "wrong_password", "Email and password do not go together. Four more tries, then a minute’s rest.") })
    await show(<SignInDoor server={server} onDone={done} />)
    await userEvent.type(screen.getByLabelText("Email"), "alice@ferryline.example")
    await userEvent.type(screen.getByLabelText("Password"), "not this one{Enter}")
    expect(await screen.findByRole("alert")).toHaveTextContent("Four more tries")
    expect(screen.getByLabelText("Password")).toBeInvalid()
  })

  it("goes in when another tab has signed in meanwhile", async () => {
    fakeServer({ "POST /_auth/auth/login": new Refusal(409, "conflict", "Already.") })
    const onDone = vi.fn(done)
    await show(<SignInDoor server={server} onDone={onDone} />)
    await userEvent.type(screen.getByLabelText("Email"), "alice@ferryline.example")
    await userEvent.type(screen.getByLabelText("Password"), "one two three four{Enter}")
    expect(onDone).toHaveBeenCalledOnce()
  })

  it("offers no account where only invitations make them", async () => {
    fakeServer({})
    await show(<SignInDoor server={server} onDone={done} />)
    expect(screen.queryByRole("link", { name: "Create an account" })).toBeNull()
  })
})

describe("the first account", () => {
  it("is asked for a long password before the server is", async () => {
    const asked = fakeServer({ "POST /_auth/auth/signup": {} })
    const onDone = vi.fn(done)
    await show(<SignUpDoor server={{ ...server, has_people: false }} onDone={onDone} />)
    await userEvent.type(screen.getByLabelText("Your name"), "Alice")
    await userEvent.type(screen.getByLabelText("Email"), "alice@ferryline.example")
    await userEvent.type(screen.getByLabelText("Password"), "short")
    await userEvent.click(screen.getByRole("button", { name: "Create account and open the first room" }))
    expect(await screen.findByText("At least 12 characters.")).toBeVisible()
    expect(asked).toEqual([])
    await userEvent.type(screen.getByLabelText("Password"), " but longer now")
    await userEvent.click(screen.getByRole("button", { name: "Create account and open the first room" }))
    expect(asked[0]?.body).toEqual({ name: "Alice", email: "alice@ferryline.example", password: "short but longer now" })
    expect(onDone).toHaveBeenCalledOnce()
  })

  it("puts a refusal under the field it is about", async () => {
    fakeServer({ "POST /_auth/auth/signup": new Refusal(400, "email_taken", "Somebody here has this email already.", { errors: [{ param: "email", message: "x" }] }) })
    await show(<SignUpDoor server={{ ...server, has_people: false }} onDone={done} />)
    await userEvent.type(screen.getByLabelText("Your name"), "Alice")
    await userEvent.type(screen.getByLabelText("Email"), "alice@ferryline.example")
    await userEvent.type(screen.getByLabelText("Password"), "one two three four{Enter}")
    expect(await screen.findByText("Somebody here has this email already.")).toBeVisible()
    expect(screen.getByLabelText("Email")).toHaveFocus()
  })
})

describe("a server that is closed", () => {
  it("has a field for the link one was sent, and no form for an account", async () => {
    await show(<SignUpDoor server={{ ...server, has_people: true, is_sign_up_open: false }} onDone={done} />)
    expect(screen.getByLabelText("The link you were sent")).toHaveFocus()
    expect(screen.getByRole("link", { name: "Sign in" })).toBeVisible()
    expect(screen.queryByLabelText("Password")).toBeNull()
  })
})

describe("an invitation", () => {
  it("says who invites, into what and as what", async () => {
    fakeServer({ "POST /invites/preview": preview })
    await show(<JoinDoor code="c" me={null} onJoined={done} />)
    expect(await screen.findByRole("heading", { name: "Carol invites you into Ferryline." })).toBeVisible()
    expect(screen.getByRole("button", { name: "Create account and join" })).toBeVisible()
    await userEvent.click(screen.getByRole("button", { name: "Sign in and join" }))
    expect(screen.queryByLabelText("Your name")).toBeNull()
  })

  it("is one button for who is signed in", async () => {
    const asked = fakeServer({ "POST /invites/preview": preview, "POST /invites/accept": { id: "ferryline" } })
    const onJoined = vi.fn(done)
    await show(<JoinDoor code="c" me={alice} onJoined={onJoined} />)
    await userEvent.click(await screen.findByRole("button", { name: "Join as Alice" }))
    expect(asked.at(-1)).toMatchObject({ path: "/invites/accept", body: { code: "c" } })
    expect(onJoined).toHaveBeenCalledWith({ id: "ferryline" })
  })

  it("invites nobody who is in already", async () => {
    fakeServer({ "POST /invites/preview": { ...preview, is_member: true, project_id: "ferryline" } })
    await show(<JoinDoor code="c" me={alice} onJoined={done} />)
    expect(await screen.findByRole("heading", { name: "You are in Ferryline already." })).toBeVisible()
    expect(screen.getByRole("button", { name: "Go to Ferryline" })).toBeVisible()
    expect(screen.queryByText(/You come in as/)).toBeNull()
  })

  it("that has ended says why first", async () => {
    fakeServer({ "POST /invites/preview": { ...preview, state: "used_up", reason: "It worked for five people, and five came." } })
    await show(<JoinDoor code="c" me={null} onJoined={done} />)
    expect(await screen.findByText("It worked for five people, and five came. Carol, who made it, can make another.")).toBeVisible()
    expect(screen.queryByRole("button", { name: /join/i })).toBeNull()
  })

  it("that was taken back names who did it, and who can make another", async () => {
    fakeServer({ "POST /invites/preview": { ...preview, state: "revoked", reason: "Carol took it back." } })
    await show(<JoinDoor code="c" me={null} onJoined={done} />)
    expect(await screen.findByText("Carol took it back. An admin of Ferryline can make another.")).toBeVisible()
    expect(screen.queryByText("Until")).toBeNull()
  })

  it("that never was one says nothing about a project", async () => {
    fakeServer({})
    await show(<JoinDoor code="c" me={null} onJoined={done} />)
    expect(await screen.findByText("Check that all of it was copied.")).toBeVisible()
  })

  it.each([
    ["https://parley.example/join#abc-1", "abc-1"],
    ["  abc-1\n", "abc-1"],
    ["", ""],
  ])("in %j is the code %j", (text, code) => expect(codeIn(text)).toBe(code))
})

describe("where one is signed in", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"],
    ["curl/8.5", "An unknown program"],
  ])("%s is %s", (agent, name) => expect(agentName(agent)).toBe(name))
})
