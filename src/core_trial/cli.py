"""The command line: parses and prints, nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from core_trial.errors import CoreTrialError

EPILOG = (
    "exit codes: 0 all done and verified; 2 the command was not understood; 3 the input files are "
    "wrong; 4 the data cannot carry a model; 5 a computation failed; 6 a number is not what was "
    "published; 7 the output could not be written"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CoreTrialError as problem:
        print(f"core-trial: {problem}", file=sys.stderr)
        return problem.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="core-trial",
        description="The statistical analysis of the CORE trial, from CSV files to every number "
        "that the paper printed.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('core_trial')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_reproduce(commands)
    _add_check(commands)
    _add_synthesise(commands)
    return parser


def _add_reproduce(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "reproduce",
        help="analyse a folder of CSV files and compare with the paper",
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
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where to write; replaced when whole"
    )
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    command.add_argument(
        "--plain", action="store_true", help="decimal points and minus signs in ASCII"
    )
    command.add_argument(
        "--suppress-below",
        type=int,
        default=0,
        metavar="N",
        help="hide counts below N, and whatever would give them away",
    )
    command.set_defaults(run=_reproduce)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "check",
        help="read a folder and report every fault in it",
        description="Read a folder of CSV files as `reproduce` would, and report every fault.",
        epilog=EPILOG,
    )
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the CSV files")
    command.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write faults.csv, or load_report.json when there are none, into DIR",
    )
    command.add_argument(
        "--allow-column",
        action="append",
        default=[],
        metavar="NAME",
        help="accept a column whose name suggests personal data; may be repeated",
    )
    command.set_defaults(run=_check)


def _add_synthesise(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "synthesise",
        help="make a synthetic trial whose analysis returns the paper",
        description="Make a synthetic trial. No person is in it.",
        epilog=EPILOG,
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    command.add_argument("--seed", type=int, metavar="N", help="default: the bundled trial's seed")
    command.add_argument("--quiet", action="store_true", help="print nothing but errors")
    command.set_defaults(run=_synthesise)


def _reproduce(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    tell = _silent if arguments.quiet else _say
    study = pipeline.run(
        arguments.folder or pipeline.bundled(),
        arguments.out,
        tell=tell,
        plain=arguments.plain,
        suppress_below=arguments.suppress_below,
    )
    tell(pipeline.summary(study))
    return study.exit_code


def _check(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    print(pipeline.check(arguments.folder, arguments.report, tuple(arguments.allow_column)))
    return 0


def _synthesise(arguments: argparse.Namespace) -> int:
    from core_trial import pipeline

    report = pipeline.synthesise(arguments.out, arguments.seed, progress=not arguments.quiet)
    (_silent if arguments.quiet else _say)(report)
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _silent(text: str) -> None:
    del text
