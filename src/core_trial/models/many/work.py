"""Many independent tasks through one interface: joblib, progress with time left, stop and resume.

Whatever repeats (replicates, bootstrap samples, imputed data sets) calls `each`. Inside
``joblib.parallel_config(backend="dask")``, or any other backend's, the work goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from core_trial.errors import DesignError, FitError
from core_trial.models.many.resume import keep_in

Task = TypeVar("Task")
Result = TypeVar("Result")
Part = tuple[int, list[Result]]

#: Most tasks handed to a process at a time: enough to hide the cost of handing over.
LARGEST_CHUNK = 100
#: Chunks into which many tasks are cut; the same for any number of processes, so that a stopped
#: run can be resumed on another machine.
CHUNKS = 128


def each(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    progress: bool = True,
    label: str = "fitting",
    resume: str | Path | None = None,
) -> list[Result]:
    """Apply a function to every task, in any number of processes.

    Parameters
    ----------
    function
        From a task to its result. What is random in it must come from the task.
    tasks
        The tasks, of which none depends on another.
    workers
        Number of processes; None leaves it to joblib's configuration, which is one by default.
    progress
        Whether to show a progress bar with the time left, on the standard error stream.
    label
        What the bar says is being done.
    resume
        Folder that keeps what is done. The same call again, after a stop of any kind, begins where
        the first one stopped and gives the same bits. None keeps nothing.

    Returns
    -------
    list
        The results, in the order of the tasks.

    Raises
    ------
    DesignError
        If `workers` is not a number of processes, or the folder belongs to another call.
    FitError
        If a process was ended from outside.

    Examples
    --------
    >>> each(abs, [-1, -2, 3], progress=False)
    [1, 2, 3]
    """
    _refuse_workers(workers)
    size = max(1, min(LARGEST_CHUNK, len(tasks) // CHUNKS))
    starts = range(0, len(tasks), size)
    kept = keep_in(resume, function, tasks, size)
    found: dict[int, list[Result]] = kept.read(len(starts))
    left = [k for k in range(len(starts)) if k not in found]
    with _bar(len(tasks), label, shown=progress) as advance:
        advance(sum(map(len, found.values())))
        chunks = [(k, tasks[starts[k] : starts[k] + size]) for k in left]
        for k, part in _hand_out(function, chunks, workers):
            kept.write(k, part)
            found[k] = part
            advance(len(part))
    return [result for k in range(len(starts)) for result in found[k]]


def _hand_out(
    function: Callable[[Task], Result],
    chunks: Sequence[tuple[int, Sequence[Task]]],
    workers: int | None,
) -> Iterator[Part[Result]]:
    """The chunks' results as they are done, in any order."""
    import joblib  # imported late: most users of the models do not need it

    if joblib.effective_n_jobs(workers) == 1:
        yield from (_run(function, k, chunk) for k, chunk in chunks)
        return
    work = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    try:
        yield from work(joblib.delayed(_run)(function, k, chunk) for k, chunk in chunks)
    except BrokenExecutor:
        raise FitError(
            "a process was ended from outside, as when memory is short: take fewer with workers=, "
            "and resume='folder' to keep what is done"
        ) from None


def _run(function: Callable[[Task], Result], k: int, chunk: Sequence[Task]) -> Part[Result]:
    return k, [function(task) for task in chunk]


def _refuse_workers(workers: int | None) -> None:
    whole = isinstance(workers, int) and not isinstance(workers, bool) and workers != 0
    if workers is not None and not whole:
        raise DesignError(
            f"workers={workers!r} is not a number of processes: give a whole number, "
            "-1 for every core, or None for joblib's configuration"
        )


@contextmanager
def _bar(total: int, label: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar that is told how many more are done."""
    if not shown:
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (label, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)
