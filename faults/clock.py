"""A wall clock of a process's own, wrong by as much as one says, from one moment to the next."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class WrongClock:
    """`settings` makes a process start with it; `jump` moves it while the process runs. Needs a C compiler."""

    def __init__(self, folder: Path, name: str, offset_s: int) -> None:
        self._file = folder / f"clock-{name}"
        self._library = folder / "clock.so"
        if not self._library.exists():
            compiler = shutil.which("cc") or shutil.which("gcc")
            assert compiler, "there is no C compiler for a wrong clock: apt-get install gcc libc6-dev"
            subprocess.run(
                [compiler, "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-ldl"], check=True, timeout=60
            )
        self._file.write_bytes(struct.pack("q", offset_s))

    @property
    def settings(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._file)}

    def jump(self, offset_s: int) -> None:
        """From now on it is wrong by that much. In place: the process looks at these very bytes."""
        with self._file.open("r+b") as out:
            out.write(struct.pack("q", offset_s))
