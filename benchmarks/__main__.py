"""Run the benchmarks: every module of this package that has a `main()`, or those named.

    python -m benchmarks [NAME…]

`main()` prints its own table, or returns it as text or frame. A benchmark that fails does not keep
the others from running; the exit status is then 1.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback

import benchmarks


def discover() -> list[str]:
    """Names of the modules beside this one, in alphabetical order."""
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))


def run(names: list[str]) -> list[str]:
    """Run the named benchmarks one after the other.

    Returns:
        The names of those that failed.
    """
    failed = []
    for name in names:
        try:
            main = getattr(importlib.import_module(f"benchmarks.{name}"), "main", None)
            if main is None:  # a helper module the benchmarks share
                continue
            print(f"\n== {name}", flush=True)
            started = time.perf_counter()
            table = main()
            if table is not None:
                print(table)
            print(f"({time.perf_counter() - started:.1f} s)", flush=True)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    return failed


def main(arguments: list[str]) -> int:
    """Run what is named, or everything; 2 for an unknown name."""
    known = discover()
    unknown = [name for name in arguments if name not in known]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = run(arguments or known)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
