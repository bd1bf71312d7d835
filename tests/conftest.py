"""What several kinds of tests share: the bundled trial, loaded and analysed once."""

import sys
from pathlib import Path

import pytest

import core_trial as ct

# ``tests/support`` holds makers of frames and folders.
sys.path.insert(0, str(Path(__file__).parent / "support"))

import effort

effort.load()


@pytest.fixture(scope="session")
def bundled_trial():
    """The synthetic trial that comes with the library."""
    return ct.load(ct.bundled())


@pytest.fixture(scope="session")
def study(bundled_trial):
    """Its whole analysis, held against the paper."""
    return ct.reproduce(bundled_trial)
