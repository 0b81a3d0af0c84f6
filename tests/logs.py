"""What our own processes have written to their logs in one folder: for whoever must say why a test failed on another machine."""

import calendar
import re
import time
from pathlib import Path

_BEGINS = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) ([A-Z]+) ", re.MULTILINE)
MOST = 12_000


def errors(folder: Path, since: float) -> str:
    """The errors, with their tracebacks, that processes in this folder met after that time (`time.time()`); the last ones."""
    found: list[tuple[float, str]] = []
    for file in sorted(folder.rglob("*.log")):
        text = file.read_text(errors="replace")
        begins = list(_BEGINS.finditer(text))
        ends = [begin.start() for begin in begins[1:]] + [len(text)]
        for begin, end in zip(begins, ends, strict=False):  # in a file without a record, there is only its end
            at = calendar.timegm(time.strptime(begin[1], "%Y-%m-%d %H:%M:%S")) + int(begin[2]) / 1000
            record = text[begin.start() : end].rstrip()
            if at >= since and (begin[3] in {"ERROR", "CRITICAL"} or "\n  Traceback " in record):
                found.append((at, f"{file.relative_to(folder)}: {record}"))
    return "\n".join(record for _, record in sorted(found))[-MOST:]
