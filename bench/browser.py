"""Four lanes of 2,000 tokens of markdown each, at 50 tokens a second, in Chromium with its processor slowed four times.

How busy the page's main thread is, frames per second, the longest gap between two frames. Goals: ≤ 25 % busy, at most
1.3 times the floor, 60 frames a second, no gap over 50 ms. Every frame is counted by requestAnimationFrame on the page
itself, which makes frames where nothing has changed and costs a third of the floor; one more row is measured without
counting. The floor, measured first and last, is an empty page in the same browser where four paragraphs grow by a
word twenty times a second, and nothing else. All of it takes 200 s; with BENCH_ROUNDS=1 one counted round of full
length and the floors take 80 s.
"""

import asyncio
import os
import sys
import time
from itertools import pairwise

import httpx
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from bench.common import Person, Place, Stage, median, note, percentile, print_line, run, stage, until
from tools.check import find_browser

TOKENS = 2000
MODELS = tuple(f"f{first}r50n{TOKENS}-md-{first}" for first in (100, 110, 120, 130))
SLOWED = 4
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
GOAL = {"busy_percent": 25, "times_floor": 1.3, "frames_per_s": 60, "gap_ms": 50}
VIEWPORT: ViewportSize = {"width": 1600, "height": 1000}
FLOOR = """() => setInterval(() => document.querySelectorAll("p").forEach((p) => p.append(" tide")), 50)"""
COUNT_FRAMES = """() => {
  window.frames_at = [];
  const tick = (now) => { window.frames_at.push(now); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


async def open_room(page: Page, here: Stage, person: Person, place: Place) -> None:
    """The thread's page, signed in and quiet."""
    cookies = dict(pair.split("=", 1) for pair in person.headers["Cookie"].split("; "))
    await page.context.add_cookies([{"name": k, "value": v, "url": here.server.url} for k, v in cookies.items()])
    await page.goto(f"{here.server.url}/p/{here.project_id}/t/{place.thread_id}")
    await page.get_by_role("form", name="New message").wait_for()
    await asyncio.sleep(3)


async def ask(here: Stage, person: Person, place: Place) -> None:
    async with httpx.AsyncClient(base_url=here.server.url, headers=person.headers) as client:
        body = {"body": "Tell me about the tides.", "models": [f"openai:{model}" for model in MODELS]}
        answer = await client.post(f"/api/v1/threads/{place.thread_id}/messages", json=body)
        answer.raise_for_status()


class Watch:
    """A page with its processor slowed, and what its main thread did since `start`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.busy_s = self.began = 0.0

    async def start(self, *, counts: bool = True) -> None:
        self.devtools = await self.page.context.new_cdp_session(self.page)
        await self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        await self.devtools.send("Performance.enable")
        if counts:
            await self.page.evaluate(COUNT_FRAMES)
        self.busy_s, self.began = await self._busy_s(), time.monotonic()

    async def _busy_s(self) -> float:
        metrics = await self.devtools.send("Performance.getMetrics")
        return next(float(one["value"]) for one in metrics["metrics"] if one["name"] == "TaskDuration")

    async def stop(self) -> dict[str, float]:
        busy, lasted = await self._busy_s() - self.busy_s, time.monotonic() - self.began
        found = {"busy_percent": round(100 * busy / lasted, 1), "seconds": round(lasted, 1)}
        at = await self.page.evaluate("window.frames_at ?? []")
        if not at:
            return found
        gaps = [later - earlier for earlier, later in pairwise(at)]
        return found | {
            "frames_per_s": round(len(gaps) / (at[-1] - at[0]) * 1000, 1),
            "gap_p99_ms": round(percentile(gaps, 0.99), 1),
            "gap_longest_ms": round(max(gaps), 1),
            "gaps_over_50_ms": sum(gap > 50 for gap in gaps),
        }


async def measure_floor(browser: Browser) -> dict[str, float]:
    page = await browser.new_page(viewport=VIEWPORT)
    await page.set_content("<!doctype html><p></p><p></p><p></p><p></p>")
    await page.evaluate(FLOOR)
    watch = Watch(page)
    await watch.start()
    await asyncio.sleep(8)
    found = await watch.stop()
    await page.close()
    note(f"floor: {found}")
    return found


async def measure(browser: Browser, here: Stage, place: Place, *, counts: bool = True) -> dict[str, float]:
    """From the first token to the last, on a page that is open already."""
    page = await browser.new_page(viewport=VIEWPORT)
    person = here.people[0]
    await open_room(page, here, person, place)
    here.provider.streams.clear()
    await ask(here, person, place)
    await until(lambda: len(here.provider.streams) == len(MODELS), 20, "the models to be asked")
    watch = Watch(page)
    await watch.start(counts=counts)
    await until(lambda: all(stream.ended_at for stream in here.provider.streams), 120, "the answers")
    found = await watch.stop()
    shown = len(await page.get_by_role("log", name="Conversation").inner_text())
    if shown < len(MODELS) * TOKENS * 2:
        raise RuntimeError(f"Only {shown} characters are on the page.")
    await page.close()
    note(str(found))
    return found


async def main() -> None:
    browser_path = find_browser()
    if browser_path is None:
        sys.exit("There is no Chromium here; apt-get install chromium brings one.")
    async with stage(MODELS, is_pinned=False, threads=ROUNDS + 1) as here, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=browser_path, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        floors = [await measure_floor(browser)]
        rows = [await measure(browser, here, place) for place in here.places[:ROUNDS]]
        uncounted = await measure(browser, here, here.places[ROUNDS], counts=False) if ROUNDS > 1 else None
        floors.append(await measure_floor(browser))
        await browser.close()
    middle = {key: median([row[key] for row in rows]) for key in rows[0]}
    floor = median([each["busy_percent"] for each in floors])
    print_line(
        "browser",
        slowed=SLOWED,
        goal=GOAL,
        times_floor=round(middle["busy_percent"] / floor, 2),
        median=middle,
        uncounted=uncounted,
        floor=floors,
        rows=rows,
    )


if __name__ == "__main__":
    run(main())
