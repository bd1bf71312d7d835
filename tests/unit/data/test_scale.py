"""A hundred thousand participants load within a tenth of what a million may take."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: Seconds of the processor and gigabytes; a million participants may take 60 and 4.
SECONDS, GIGABYTES = 6.0, 1.0


@pytest.mark.slow
def test_a_large_folder_loads_in_time_and_its_faults_are_found():
    command = [sys.executable, "bench/bench_load.py", "100000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    whole, damaged = done.stdout.splitlines()
    assert "2 faults" in damaged
    for line in (whole, damaged):
        seconds = float(re.search(r"\(([\d.]+) s of processor\)", line)[1])
        memory = float(re.search(r"([\d.]+) GB", line)[1])
        assert seconds < SECONDS
        assert memory < GIGABYTES
