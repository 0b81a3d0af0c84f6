"""Set-up, for `make`: the virtual environment, the packages, the local model and the browser's part.

Runs on the system's Python with nothing but its standard library. Says what it does in plain words; a failure ends in one
sentence that says what to install or check.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from tools import places
from tools.environment import local_model, packages, venv
from tools.page import frontend, npm_packages
from tools.steps import SetupError, alone, apt, is_network, say


def everything_to_run() -> None:
    venv()
    packages("run", "Fetching the Python packages (about half a minute)")
    local_model()
    frontend()


def everything_to_develop() -> None:
    venv()
    packages("dev", "Fetching the Python packages, with those for tests and Node (about a minute)")
    local_model()
    npm_packages()


def build() -> None:
    venv()
    frontend()


GOALS: dict[str, Callable[[], None]] = {"run": everything_to_run, "dev": everything_to_develop, "frontend": build}


def prepare(goal: str) -> None:
    """Set up for a goal; on a failure say what to do in one sentence and end the process."""
    began = time.monotonic()
    is_first = not places.STAMPS.exists()
    if is_first:
        say("Setting up Parley. This happens once and takes about three minutes.")
    try:
        with alone():
            GOALS[goal]()
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.")
        sys.exit(130)
    except SetupError as error:
        sys.exit(f"\n{error}")
    except subprocess.CalledProcessError as error:
        tail = "\n".join(f"    {line}" for line in str(error.stdout).strip().splitlines()[-12:])
        sys.exit(f"\n{tail}\n\n{_advice(str(error.stdout))}")
    except OSError as error:
        sys.exit(
            f"\nThe set-up could not go on: {error}. Check that this folder can be written and the disk is not full."
        )
    if is_first:
        say(f"Set up in {time.monotonic() - began:.0f} s.")


def _advice(output: str) -> str:
    where = f"The whole output is in {places.LOG.relative_to(places.ROOT)}."
    if is_network(output):
        return f"A package could not be fetched: check the network (or the proxy settings) and run the command again. {where}"
    if "No space left" in output:
        return f"The disk is full: free about 2 GB and run the command again. {where}"
    if "No matching distribution" in output:
        return f"A package has no version for this Python or machine: use Python 3.11 to 3.14 on 64-bit Linux or macOS. {where}"
    if "gcc" in output or "error: command" in output:
        return f"A package had to be compiled: install a compiler ({apt('build-essential python3-dev')}) and try again. {where}"
    return f"The last step failed with the words above. {where}"


if __name__ == "__main__":
    prepare(sys.argv[1])
