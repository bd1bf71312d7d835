"""Execute the notebooks that are read with their outputs, in place and without times.

``python tests/support/execute_notebooks.py [name ...]``; without names, those of the test.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
#: Notebooks that carry outputs, which `tests/test_notebooks.py` holds to be current.
SHOWN = ("core_trial", "own_trial")


def execute(path: Path) -> None:
    """Run a notebook as the test does, and write it with what it shows."""
    notebook = nbformat.read(path, as_version=4)
    kept = dict(notebook.metadata)
    where = {"metadata": {"path": ROOT}}
    NotebookClient(notebook, timeout=600, record_timing=False, resources=where).execute()
    notebook.metadata = kept
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:] or SHOWN:
        execute(ROOT / "notebooks" / f"{name}.ipynb")
