"""Draws the arrows between areas from the imports themselves: calls go down, nothing comes back up.

A module that no table below knows fails the test: say where it stands before it is used.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AREAS = ("chatplatform.kernel", "projects", "threads", "messaging", "chatplatform")  # lowest first

# Inside messaging, lowest first. Parts of one row that are written apart do not know each other.
MESSAGING: tuple[tuple[str, ...], ...] = (
    ("types", "mentions", "failpoints"),
    ("protocol", "models"),
    ("relays",),
    ("stores", "streams", "providers"),
    (
        "rooms",
        "gathering",
        "hub",
        "hearing",
        "sockets",
        "packets",
        "outbox",
        "edits",
        "news",
        "leveling",
        "set_aside",
        "presence",
        "peers",
        "peer_packets",
        "notices",
        "access",
        "revocation",
        "origins",
        "handshake",
    ),
    ("runs",),
    ("asking", "history"),
    ("services", "changing", "actions", "joining", "line_ups", "variants", "moving", "purge"),
    ("consumers", "api", "listeners", "routing", "health"),
    ("lifecycle", "apps"),
)
APART = {"stores", "streams", "providers"}
# Other areas name these by setting or ask the catalog; they never import an implementation.
DOORS = {
    "stores": {"base", "cql.schema", "cql.examining"},  # commands of their own make the tables and look at the servers
    "streams": {"base"},
    "relays": {"base", "envelope"},
    "providers": {"base", "catalog", "health", "offers", "retry", "signals", "api"},
}

# Inside messaging.runs, lowest first.
RUNS: tuple[tuple[str, ...], ...] = (
    ("types",),
    ("speech", "figures", "stopping"),
    ("plans", "context", "render"),
    ("views", "past", "history", "leases"),
    ("places", "saving"),
    ("steps",),
    ("endings", "telling"),
    ("claims",),
    ("changes", "live"),
    ("prompts",),
    ("speaking",),
    ("engine",),
    ("dispatch", "services"),
)
PURE = (
    "messaging.types",
    "messaging.protocol",
    *(f"messaging.runs.{name}" for name in ("types", "speech", "figures", "plans", "context", "render")),
)
IMPURE = {"django", "asyncio", "httpx", "socket", "subprocess", "channels"}


def _modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for top in ("chatplatform", "projects", "threads", "messaging"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = _modules()


def _names(tree: ast.AST) -> Iterator[str]:
    """Every imported dotted name, inside functions too; names for the type checker alone aside."""
    unchecked = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in unchecked:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _ours(name: str) -> str | None:
    """The module of ours that a dotted name is or lies in."""
    while name:
        if name in MODULES:
            return name
        name = name.rpartition(".")[0]
    return None


RAW = {module: sorted(set(_names(ast.parse(file.read_text())))) for module, file in MODULES.items()}
IMPORTS = {
    module: sorted({ours for name in names if (ours := _ours(name)) and ours != module})
    for module, names in RAW.items()
}
ARROWS = [(source, target) for source, targets in IMPORTS.items() for target in targets]


def _area(module: str) -> str:
    return next(area for area in AREAS if module == area or module.startswith(area + "."))


def _part(module: str, package: str) -> str | None:
    """`messaging.runs.engine` in `messaging` is "runs"; a module outside or the package itself is None."""
    return module.removeprefix(package + ".").partition(".")[0] if module.startswith(package + ".") else None


def _rank(part: str, rows: tuple[tuple[str, ...], ...], package: str) -> int:
    for rank, row in enumerate(rows):
        if part in row:
            return rank
    pytest.fail(f"{package}.{part} stands in no row of tests/test_architecture.py: say where it belongs")


def test_calls_go_down_from_area_to_area() -> None:
    wrong = [f"{a} imports {b}" for a, b in ARROWS if AREAS.index(_area(a)) < AREAS.index(_area(b))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("package", "rows"), [("messaging", MESSAGING), ("messaging.runs", RUNS)])
def test_calls_go_down_inside(package: str, rows: tuple[tuple[str, ...], ...]) -> None:
    wrong = []
    for source, target in ARROWS:
        upper, lower = _part(source, package), _part(target, package)
        if upper is None or lower is None or upper == lower:
            continue
        if target == f"{package}.dispatch.base":
            continue  # the dispatcher's promise: services ask for the one in the settings
        if _rank(upper, rows, package) < _rank(lower, rows, package):
            wrong.append(f"{source} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_every_part_has_its_place() -> None:
    for package, rows in (("messaging", MESSAGING), ("messaging.runs", RUNS)):
        for module in MODULES:
            if part := _part(module, package):
                _rank(part, rows, package)


def test_stores_streams_and_providers_never_know_each_other() -> None:
    wrong = []
    for source, target in ARROWS:
        upper, lower = _part(source, "messaging"), _part(target, "messaging")
        if upper in APART and lower in APART and upper != lower:
            wrong.append(f"{source} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_implementations_are_named_by_settings_alone() -> None:
    wrong = []
    for source, target in ARROWS:
        part = _part(target, "messaging")
        if part not in DOORS or _part(source, "messaging") == part:
            continue
        inside = target.removeprefix(f"messaging.{part}").lstrip(".")
        if not DOORS[part] & {inside or "base", inside.partition(".")[0]}:
            wrong.append(f"{source} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_pure_files_touch_nothing() -> None:
    wrong = []
    for module, names in RAW.items():
        if module.startswith(PURE):
            wrong += [f"{module} imports {name}" for name in names if name.partition(".")[0] in IMPURE]
    assert not wrong, "\n".join(wrong)


def test_synchronous_areas_stay_synchronous() -> None:
    """Transactions are synchronous; only the HTTP entries of these areas are not."""
    wrong = []
    for module, file in MODULES.items():
        if _area(module) in {"projects", "threads"} and _part(module, _area(module)) != "api":
            found = [
                n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.AsyncFunctionDef | ast.Await)
            ]
            wrong += [f"{module}, line {node.lineno}" for node in found]
    assert not wrong, "\n".join(wrong)


def test_counting_never_holds_up_the_loop() -> None:
    """Where processes count together, each of these asks Redis and waits for it: off the loop, through `in_db`."""
    asks = {"hit", "left", "clear", "limits.hit", "limits.left", "limits.clear"}
    wrong = []
    for module, file in MODULES.items():
        tree = ast.parse(file.read_text())
        imported = set(_names(tree)) & {
            "chatplatform.kernel.limits",
            *(f"chatplatform.kernel.limits.{n}" for n in asks),
        }
        for coroutine in (n for n in ast.walk(tree) if imported and isinstance(n, ast.AsyncFunctionDef)):
            calls = [ast.unparse(n.func) for n in ast.walk(coroutine) if isinstance(n, ast.Call)]
            wrong += [f"{module}.{coroutine.name} calls {call}" for call in calls if call in asks]
    assert not wrong, "\n".join(wrong)


def test_rows_are_held_without_their_keys() -> None:
    """PostgreSQL's FOR UPDATE also stops every insert that points at the row: who marks as read would wait for who sends, and
    each of the two for the other."""
    wrong = []
    for module, file in MODULES.items():
        calls = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]
        held = [n for n in calls if isinstance(n.func, ast.Attribute) and n.func.attr == "select_for_update"]
        wrong += [f"{module}, line {n.lineno}" for n in held if not any(k.arg == "no_key" for k in n.keywords)]
    assert not wrong, "\n".join(wrong)


def _cycle(graph: Mapping[str, list[str]]) -> list[str]:
    """One circle of the graph, or nothing."""
    done: set[str] = set()

    def follow(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for further in graph.get(node, []):
            if circle := follow(further, [*trail, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in graph if (circle := follow(node, []))), [])


def test_no_circle_of_imports() -> None:
    assert _cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]  # the search finds one
    assert not (circle := _cycle(IMPORTS)), " → ".join(circle)


# -- the browser's part ---------------------------------------------------------------------------------

SRC = ROOT / "frontend" / "src"
IMPORT = re.compile(
    r"""(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]"""
)
ROOM = {"conversation", "runs", "presence"}  # one page written as three folders; as in eslint.config.js
FRONTEND_ROWS = {"lib": 0, "components": 1, "features": 2, "app": 3, "main": 4}


def _frontend_imports() -> Iterator[tuple[str, str, bool]]:
    """Pairs of paths below src without endings, and whether the import is for the type checker alone."""
    for file in sorted([*SRC.rglob("*.ts"), *SRC.rglob("*.tsx")]):
        source = file.relative_to(SRC).as_posix()
        for match in IMPORT.finditer(file.read_text()):
            name = match[2] or match[3]
            if name.startswith("@/"):
                target = name[2:]
            elif name.startswith("."):
                target = (file.parent / name).resolve().relative_to(SRC).as_posix()
            else:
                continue
            yield re.sub(r"\.tsx?$", "", source), re.sub(r"\.tsx?$", "", target), match[1] is not None


def _is_aside(path: str) -> bool:
    return path.startswith("testing") or bool(re.search(r"\.(test|stories)$", path))


def test_frontend_calls_go_down() -> None:
    found = list(_frontend_imports())
    assert found, "no import was read: has the layout changed?"
    wrong = []
    for source, target, _ in found:
        if _is_aside(source):
            continue
        upper, lower = source.partition("/")[0], target.partition("/")[0]
        if lower == "testing":
            wrong.append(f"{source} imports {target}")
            continue
        assert {upper, lower} <= FRONTEND_ROWS.keys(), f"{source} imports {target}: say where they stand"
        if FRONTEND_ROWS[upper] < FRONTEND_ROWS[lower]:
            wrong.append(f"{source} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_frontend_features_meet_only_in_app() -> None:
    def feature(path: str) -> str | None:
        name = path.split("/")[1] if path.startswith("features/") else None
        return "room" if name in ROOM else name

    pairs = [(source, target) for source, target, _ in _frontend_imports() if feature(source) and feature(target)]
    wrong = [f"{source} imports {target}" for source, target in pairs if feature(source) != feature(target)]
    assert not wrong, "\n".join(wrong)


def test_no_circle_in_the_frontend() -> None:
    graph: dict[str, list[str]] = {}
    for source, target, is_type in _frontend_imports():
        if not is_type:
            graph.setdefault(source, []).append(target)
    assert not (circle := _cycle(graph)), " → ".join(circle)
