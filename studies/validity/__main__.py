"""The command line of the study: ``python -m studies.validity [CELLS ...]``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core_trial.errors import CoreTrialError
from studies.validity import page, registry, run
from studies.validity.cell import Cell

#: Where finished trials are kept, so that a run that was stopped goes on.
KEPT = Path("out") / "validity"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run cells, and write their rows into the table, the figure and the page."""
    given = _parser().parse_args(arguments)
    cells = registry.cells()
    try:
        wanted = run.chosen(cells, given.cells)
        if given.list:
            print(*(f"{cell.name}: {cell.replicates}" for cell in wanted), sep="\n")
            return 0
        found = [
            run.run(cell, replicates=given.replicates, workers=given.workers, resume=given.resume)
            for cell in wanted
        ]
    except CoreTrialError as error:
        print(error)
        return error.exit_code
    _write(given.out, pd.concat(found, ignore_index=True), cells)
    return 0


def _write(folder: Path, new: pd.DataFrame, cells: Sequence[Cell]) -> None:
    """The table with the new rows, and page and figure if every cell is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "validity.csv"
    old = pd.read_csv(path) if path.exists() else None
    table = run.merged(old, new, cells)
    table.to_csv(path, index=False, float_format="%.6g")
    missing = page.lacking(pd.read_csv(path), cells)
    if missing:
        print(f"{path} is written; the page waits for {len(missing)} cells more: {missing[0]}, ...")
        return
    page.write(pd.read_csv(path), folder)
    print(f"Written to {folder}: validity.csv, validity.png, validity.md")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studies.validity", description=main.__doc__)
    parser.add_argument("cells", nargs="*", help="studies or cells, with * as a wildcard; all")
    parser.add_argument("--replicates", type=int, help="trials in each cell, not the cell's own")
    parser.add_argument("--workers", type=int, help="processes; joblib's configuration decides")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the table")
    parser.add_argument("--resume", type=Path, default=KEPT, help="folder of finished trials")
    parser.add_argument("--list", action="store_true", help="name the cells and end")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
