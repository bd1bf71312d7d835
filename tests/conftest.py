"""Makes ``tests/support`` importable: what several kinds of tests share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
