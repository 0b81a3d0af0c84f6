"""Takes the measurements one after the other; a failing one does not hide the others."""

import subprocess
import sys

ALL = (
    "startup",
    "memory",
    "ttft",
    "burst",
    "hop",
    "takeover",
    "models",
    "fanout",
    "cluster",
    "history",
    "fork",
    "store",
    "move",
    "browser",
)


def main(names: list[str]) -> int:
    if unknown := set(names) - set(ALL):
        sys.exit(f"No such measurement: {', '.join(sorted(unknown))}. There are: {', '.join(ALL)}.")
    failed = []
    for name in names or ALL:
        print(f"… {name}", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
