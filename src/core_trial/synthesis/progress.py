"""A bar that shows the stage and the row in work, for those who wait at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core_trial.synthesis.search import listener


@contextmanager
def watched(stages: int, show: bool) -> Iterator[Callable[[str], None]]:
    """Show progress, or nothing.

    Parameters
    ----------
    stages
        How many there are.
    show
        Whether to show anything.

    Yields
    ------
    Callable
        To be called with the name of each stage when it begins.
    """
    if not show:
        yield lambda stage: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("allocation", total=stages + 1)
        now = [""]

        def begin(stage: str) -> None:
            now[0] = stage
            bar.update(task, advance=1, description=stage)

        token = listener.set(lambda row: bar.update(task, description=f"{now[0]}: {row}"))
        try:
            yield begin
        finally:
            listener.reset(token)
