"""Run every benchmark of this folder, or those named."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> None:
    every = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    for name in names or every:
        print(f"\n== {name.removeprefix('bench_')} ==", flush=True)
        import_module(f"bench.bench_{name.removeprefix('bench_')}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
