"""The browser's part: its packages, and the built page in frontend/dist."""

from pathlib import Path

from tools import environment, places, steps
from tools.places import node_env
from tools.steps import digest, step

NPM_CI = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]


def npm_packages() -> None:
    """Install what frontend/package-lock.json names into frontend/node_modules."""
    lock = places.FRONTEND / "package-lock.json"
    stamp = places.FRONTEND / "node_modules" / ".parley-stamp"
    wanted = digest([lock, places.FRONTEND / "package.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm: list[str | Path] = [places.VENV / "bin" / "npm", *NPM_CI, "--loglevel=error"]
    step(
        "Fetching what the browser's part is built from (about a minute)",
        lambda: steps.run(npm, places.FRONTEND, node_env()),
    )
    stamp.write_text(wanted)


def _sources() -> list[Path]:
    folders = [places.FRONTEND / "src", places.FRONTEND / "public"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    files += [file for file in places.FRONTEND.iterdir() if file.is_file() and not file.name.endswith((".md", ".log"))]
    return [file for file in files if not any(part in file.name for part in (".test.", ".stories."))]


def frontend() -> None:
    """Build frontend/dist, if its sources are not those it was last built from."""
    wanted = digest(_sources())
    if places.DIST_STAMP.exists() and places.DIST_STAMP.read_text() == wanted and (places.DIST / "index.html").exists():
        return
    environment.packages("web", "Fetching Node for the build (60 MB, up to a minute)")
    npm_packages()
    places.DIST_STAMP.unlink(missing_ok=True)
    step(
        "Building the browser's part (under a minute)",
        lambda: steps.run([places.VENV / "bin" / "npm", "run", "build"], places.FRONTEND, node_env()),
    )
    places.DIST_STAMP.parent.mkdir(exist_ok=True)
    places.DIST_STAMP.write_text(wanted)
