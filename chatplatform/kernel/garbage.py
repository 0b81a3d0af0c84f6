"""What is loaded when a process begins to serve stays as long as it does: the collector need not walk through it again.

A full collection went through 100,000 objects and more, 50 to 100 ms in which nobody was answered (docs/performance.md).
"""

import gc

from chatplatform.kernel import metrics

# New objects, and how many smaller collections make a larger one. Python's own are 700, 10, 10: the little that is not spared
# would be gone through whenever it has grown by a quarter.
THRESHOLDS = (10_000, 20, 20)


def spare_what_stays() -> None:
    """Call once, when everything is loaded: from then on only what comes later is looked through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


metrics.at_scrape(
    "parley_spared_objects",
    "Objects that the collector passes over: they stay as long as the process.",
    lambda: [((), float(gc.get_freeze_count()))],
)
