"""Measurements, one JSON line each: ratios to a floor taken in the same minutes on the same cores.

`python -m bench` takes them all, `python -m bench ttft history` some of them. Everything runs on this
machine over loopback, against the real server as a process of its own.
"""

import os

os.environ["PARLEY_ENV_FILE"] = ""  # what somebody's .env says is no part of a measurement
