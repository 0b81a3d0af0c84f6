"""The process that holds the small local model: llama.cpp's own server on a free loopback port.

A process of its own, because a crash in native code must not take the server along. It takes one line of JSON from
standard input (what to load, the key to ask for), prints one with its address, and ends when that input ends: with
its parent, however that dies. Run by its path; imports nothing of ours.
"""

import ctypes
import json
import os
import signal
import sys
import sysconfig
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with_parent() -> None:
    """On Linux the kernel sees to it; everywhere the end of our input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _find_openmp() -> None:
    """The engine wants libgomp, which a bare Linux lacks. One comes as a package; the loader looks where it lies
    only if it is told before the process begins, so the process begins once more."""
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        folder = Path(sysconfig.get_path("purelib")) / "cmeel.prefix" / "lib"
        told = os.environ.get("LD_LIBRARY_PATH", "")
        if str(folder) not in told and (folder / "libgomp.so.1").exists():
            os.environ["LD_LIBRARY_PATH"] = f"{told}:{folder}".lstrip(":")
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  ourselves, no shell


def _params(wanted: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = wanted["model"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [wanted["key"]]
    params.n_parallel = wanted["parallel"]
    params.n_ctx = wanted["context"]
    params.cont_batching = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted["threads"]
    params.n_threads_http = wanted["parallel"] + 4
    params.cache_ram_mib = 0  # by default it would keep up to 8 GiB of old prompts
    params.ui = params.endpoint_slots = params.endpoint_props = False
    params.cors_origins = ""
    params.sse_ping_interval = 5
    return params


def main() -> None:
    _find_openmp()
    _die_with_parent()
    os.nice(5)  # tokens may wait a moment, people's sockets may not
    # Who tells a whole group to stop (Ctrl-C, systemd) means the parent: it lets answers end first, and then us.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wanted = json.loads(sys.stdin.readline())

    import xllamacpp

    server = xllamacpp.Server(_params(wanted))
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # waiting for native threads has no use


if __name__ == "__main__":
    main()
