"""The command line: parses and prints, nothing else."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from core_trial.errors import CoreTrialError, DesignError

EPILOG = (
    "exit codes: 0 all done and verified; 1 a fault of the program itself; 2 the command was not "
    "understood; 3 the input files are wrong; 4 the data cannot carry a model, or contradict the "
    "declaration; 5 a computation failed; 6 a number is not what was published; 7 the output could "
    "not be written; 8 a number that was made twice differs, and nobody knows why; "
    "130 stopped from the keyboard"
)
STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback is shown unless asked for."""
    for stream in (sys.stdout, sys.stderr):
        _spell_what_can_be_spelt(stream)
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CoreTrialError as problem:
        _say(f"core-trial: {problem}", sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        _say("core-trial: stopped; what stood there before still stands", sys.stderr)
        return STOPPED
    except Exception as problem:
        if arguments.traceback:
            raise
        _say(
            f"core-trial: a fault of this program: {type(problem).__name__}: {problem}", sys.stderr
        )
        _say("core-trial: with --traceback it shows where", sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="core-trial",
        description="The statistical analysis of a partially nested trial, from CSV files to "
        "tables, figures and, where a paper's numbers are registered, a verdict on each.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('core_trial')}")
    parser.add_argument("--traceback", action="store_true", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_reproduce(commands)
    _add_analyse(commands)
    _add_witness(commands)
    _add_check(commands)
    _add_new(commands)
    _add_synthesise(commands)
    _add_mask(commands)
    _add_unmask(commands)
    _add_lock(commands)
    _add_plan(commands)
    _add_rehearse(commands)
    return parser


def _add_reproduce(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "reproduce",
        help="analyse a published trial and compare with its paper",
        description="Analyse a folder of participant-level CSV files; write tables, figures, "
        "records and the verdict on every printed number.",
        epilog=EPILOG,
    )
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="the CSV files; without it, the bundled synthetic trial",
    )
    _add_trial(command)
    _add_analysis(command)
    command.set_defaults(run=_reproduce)


def _add_analyse(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "analyse",
        help="analyse your own trial",
        description="Analyse a folder of CSV files by the declaration of their trial; write "
        "tables, figures and records.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the CSV files")
    _add_trial(command)
    _add_analysis(command)
    command.set_defaults(run=_analyse)


def _add_witness(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "witness",
        help="make every number a second time, by other means, and compare",
        description="Analyse a folder of CSV files, make every number again by a second programme "
        "that shares nothing with the first but the declaration, and say what differs.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the CSV files")
    _add_trial(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="write witness.csv into DIR")
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    _add_reading(command)
    command.set_defaults(run=_witness)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "check",
        help="read a folder and report every fault in it",
        description="Read a folder of CSV files as an analysis would, derive what it derives, and "
        "report every fault.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the CSV files")
    _add_trial(command)
    command.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write faults.csv, or load_report.json when there are none, into DIR",
    )
    _add_reading(command)
    command.set_defaults(run=_check)


def _add_new(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "new",
        help="write the declaration of a new trial, with an example that runs",
        description="Write trial.py to change into your trial's declaration, and participants.csv "
        "with made-up people that `core-trial analyse DIR --out results` analyses at once.",
    )
    command.add_argument("folder", type=Path, metavar="DIR", help="where to write")
    command.set_defaults(run=_new)


def _add_synthesise(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "synthesise",
        help="make a synthetic trial whose analysis returns the paper",
        description="Make a synthetic trial. No person is in it.",
        epilog=EPILOG,
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    command.add_argument(
        "--seed", type=_not_negative, metavar="N", help="default: the bundled trial's seed"
    )
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    command.set_defaults(run=_synthesise)


def _add_mask(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "mask",
        help="write a folder with a dummy allocation, to develop a report blind",
        description="Write the files of a trial with the arms, the workers and what goes with them "
        "drawn anew. A report on that folder calls the arms A and B and is marked on each page.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the real CSV files")
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the masked files go"
    )
    _add_trial(command)
    command.add_argument(
        "--seed",
        type=_not_negative,
        metavar="N",
        help="draw a certain dummy allocation; who knows the seed can undo it, and a small one can "
        "be found by trying (default: one of 128 bits that nobody can guess)",
    )
    command.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="where seed and hashes are kept, away from whoever is masked (default: DIR.key.json)",
    )
    _add_reading(command)
    command.set_defaults(run=_mask)


def _add_unmask(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "unmask",
        help="analyse the real allocation, and record who did it and why",
        description="Analyse the real files of a trial that was analysed masked, and write "
        "unmasking.json with who, when, why, by which plan and which files.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the real CSV files")
    command.add_argument("--name", required=True, help="who unmasks")
    command.add_argument("--reason", required=True, help="why, and why now")
    command.add_argument(
        "--key", type=Path, metavar="FILE", help="what `mask` wrote: refuse any other files"
    )
    _add_trial(command)
    _add_analysis(command)
    command.set_defaults(run=_unmask)


def _add_lock(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "lock",
        help="lock the plan: write the declaration with its hash",
        description="Write the declaration of a trial as text, with its hash and the day. "
        "--lock FILE of the other commands then puts what has changed since into the report.",
        epilog=EPILOG,
    )
    _add_trial(command)
    command.add_argument(
        "--out",
        type=Path,
        default=Path("plan.lock.json"),
        metavar="FILE",
        help="where to write; never replaced (default: plan.lock.json)",
    )
    command.set_defaults(run=_lock)


def _add_plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    plan = commands.add_parser("plan", help="show what has changed since the plan was locked")
    actions = plan.add_subparsers(required=True, metavar="ACTION")
    command = actions.add_parser(
        "diff",
        help="what has changed since, in words",
        description="Hold the declaration of a trial against its locked plan.",
        epilog=EPILOG,
    )
    command.add_argument("lock", type=Path, metavar="LOCK", help="the file that `lock` wrote")
    _add_trial(command)
    command.set_defaults(run=_plan_diff)


def _add_rehearse(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "rehearse",
        help="carry out the plan on made-up trials, before there are data",
        description="Make up trials of the declared shape, some with few events, empty strata, one "
        "cluster and the like, and tell which analyses pass, are at risk, or fail in them.",
        epilog=EPILOG,
    )
    _add_trial(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="write tables and records too")
    command.add_argument(
        "--trials", type=int, default=3, metavar="N", help="trials in each situation (default: 3)"
    )
    command.add_argument(
        "--people", type=int, default=200, metavar="N", help="people in each (default: 200)"
    )
    command.add_argument("--seed", type=_not_negative, default=1, metavar="N", help="default: 1")
    command.add_argument(
        "--workers", type=int, metavar="N", help="processes; -1 for one on every core (default: 1)"
    )
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    command.set_defaults(run=_rehearse)


def _add_trial(command: argparse.ArgumentParser, default: str | None = None) -> None:
    said = f"default: {default}" if default else "default: the folder's trial.py, or core"
    command.add_argument(
        "--trial",
        default=default,
        metavar="NAME|FILE",
        help=f"core, or a Python file that declares a trial; {said}",
    )


def _add_analysis(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where to write; replaced when whole"
    )
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    command.add_argument(
        "--style",
        default="lancet",
        metavar="NAME",
        help="how numbers are spelt: lancet (default), bmj, nejm, jama, or plain, all in ASCII",
    )
    command.add_argument(
        "--formats",
        type=lambda text: text.split(","),
        metavar="LIST",
        help="what to write, of html,csv,md,tex,docx,xlsx,svg,pdf,png,tiff; default: all but the "
        "last three",
    )
    command.add_argument(
        "--twice",
        action="store_true",
        help="make every number a second time, by other means, and report what differs",
    )
    command.add_argument(
        "--suppress-below",
        type=_not_negative,
        default=0,
        metavar="N",
        help="hide counts below N, and whatever would give them away",
    )
    command.add_argument(
        "--lock",
        type=Path,
        metavar="FILE",
        help="the locked plan: the report tells what has changed since",
    )
    _add_reading(command)


def _add_reading(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allow-column",
        action="append",
        default=[],
        metavar="NAME",
        help="accept, and do not read, a column that is not declared; may be repeated",
    )
    command.add_argument(
        "--accept-changed",
        action="store_true",
        help="accept files that are not those which datapackage.json describes",
    )


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


def _reproduce(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    folder = arguments.folder or pipeline.bundled()
    if arguments.trial is None and folder == arguments.folder and pipeline.declares(folder):
        raise DesignError(f"{folder.name} declares a trial of its own: use core-trial analyse")
    return _run(arguments, folder, arguments.trial or "core")


def _analyse(arguments: argparse.Namespace) -> int:
    return _run(arguments, arguments.folder, arguments.trial)


def _run(arguments: argparse.Namespace, folder: Path, trial: str | None) -> int:
    from core_trial import pipeline

    tell = _silent if arguments.quiet else _say
    study = pipeline.run(
        folder,
        arguments.out,
        trial=pipeline.trial_of(folder, trial),
        tell=tell,
        style=arguments.style,
        formats=arguments.formats,
        suppress_below=arguments.suppress_below,
        allow_columns=arguments.allow_column,
        accept_changed=arguments.accept_changed,
        lock=arguments.lock,
        twice=arguments.twice,
    )
    tell(pipeline.summary(study))
    return study.exit_code


def _mask(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline, planned

    named = arguments.trial is not None
    text = planned.mask(
        arguments.folder,
        arguments.out,
        trial=pipeline.trial_of(arguments.folder, arguments.trial) if named else None,
        seed=arguments.seed,
        key=arguments.key,
        allow_columns=arguments.allow_column,
        accept_changed=arguments.accept_changed,
    )
    _say(text)
    return 0


def _unmask(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline, planned

    tell = _silent if arguments.quiet else _say
    study = planned.unmask(
        arguments.folder,
        arguments.out,
        who=planned.Unmasking(name=arguments.name, reason=arguments.reason),
        trial=pipeline.trial_of(arguments.folder, arguments.trial),
        tell=tell,
        lock=arguments.lock,
        key=arguments.key,
        style=arguments.style,
        suppress_below=arguments.suppress_below,
        allow_columns=arguments.allow_column,
        accept_changed=arguments.accept_changed,
    )
    tell(pipeline.summary(study))
    return study.exit_code


def _lock(arguments: argparse.Namespace) -> int:
    from core_trial import planned

    _say(planned.lock(planned.trial_here(arguments.trial), arguments.out))
    return 0


def _plan_diff(arguments: argparse.Namespace) -> int:
    from core_trial import planned

    _say(planned.difference(arguments.lock, planned.trial_here(arguments.trial)))
    return 0


def _witness(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    tell = _silent if arguments.quiet else _say
    text = pipeline.witness(
        arguments.folder,
        arguments.out,
        trial=pipeline.trial_of(arguments.folder, arguments.trial),
        tell=tell,
        allow_columns=arguments.allow_column,
        accept_changed=arguments.accept_changed,
    )
    tell(text)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    text = pipeline.check(
        arguments.folder,
        arguments.report,
        trial=pipeline.trial_of(arguments.folder, arguments.trial),
        allow_columns=arguments.allow_column,
        accept_changed=arguments.accept_changed,
    )
    _say(text)
    return 0


def _new(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    written = pipeline.new(arguments.folder)
    _say("\n".join([f"wrote {path}" for path in written]))
    _say(f"next: core-trial analyse {arguments.folder} --out results")
    return 0


def _synthesise(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    report = pipeline.synthesise(arguments.out, arguments.seed, progress=not arguments.quiet)
    (_silent if arguments.quiet else _say)(report)
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from core_trial import planned

    text = planned.rehearse(
        planned.trial_here(arguments.trial),
        arguments.out,
        trials=arguments.trials,
        people=arguments.people,
        seed=arguments.seed,
        workers=arguments.workers,
        progress=not arguments.quiet,
    )
    (_silent if arguments.quiet else _say)(text)
    return 0


def _spell_what_can_be_spelt(stream: TextIO) -> None:
    """Replace what a terminal's encoding lacks, instead of stopping at it."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print; when nobody listens any more, or the disk is full, the work goes on all the same."""
    out = stream or sys.stdout
    try:
        print(text, file=out, flush=True)
    except (OSError, ValueError):
        _close_quietly(out)


def _close_quietly(stream: TextIO) -> None:
    """Point a stream that cannot be written to at nothing, so that its end is no error either."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError, io.UnsupportedOperation):
        return


def _silent(text: str) -> None:
    del text
