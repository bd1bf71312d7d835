"""What the bundled trial costs: to load it, and to make it from its seed."""

from __future__ import annotations

import sys
import time

from bench.report import Row, child, tell

#: Seconds of the processor asked of each.
LOAD, MAKE = 0.4, 120
SYNTHESISE = """
from core_trial.trials.core.generator.stages import synthesise
synthesise()
"""


def main() -> list[Row]:
    """Load it twice, the first time to import what that needs; make it once."""
    import core_trial as ct

    ct.load(ct.bundled())
    begun = time.process_time()
    ct.load(ct.bundled())
    loading, making = time.process_time() - begun, child(SYNTHESISE).processor
    return tell(
        [
            Row("load the bundled trial", f"under {LOAD} s", f"{loading:.2f} s", loading / LOAD),
            Row("make it from its seed", f"under {MAKE} s", f"{making:.0f} s", making / MAKE),
        ]
    )


if __name__ == "__main__":
    sys.exit(main() is None)
