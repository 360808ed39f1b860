"""How long loading a large package takes, and how much memory the process needs.

    .venv/bin/python -m benchmarks.load_synthetic        on the embedded server, or on the one that DATABASE_URL names
    --pledges 33400   about three updates each, so some 100,000
    --export          also write the record out again

Makes the package in a temporary folder and loads it into a database of its own, which is dropped afterwards.
"""

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took, on the clock and in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(
        f"{what:<28} {time.perf_counter() - wall:7.1f} s   of which in this process {time.process_time() - cpu:6.1f} s"
    )


def megabytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pledges", type=int, default=33_400)
    parser.add_argument("--export", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    with ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            from guarantees import embedded

            server = stack.enter_context(embedded.server(embedded.data_folder() / "tests", durable=False))
            os.environ["DATABASE_URL"] = server.url
        django.setup()
        measure(options.pledges, options.export)


def measure(pledges: int, export: bool) -> None:
    """Make, load, load again and perhaps export a package of so many pledges."""
    from django.db import connection

    from guarantees import clock, ledger
    from guarantees.datapackage.load import load
    from guarantees.datapackage.synthetic import make
    from guarantees.datapackage.write import write

    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        with timed("make the package"):
            counts = make(package, pledges=pledges)
        connection.settings_dict["TEST"]["NAME"] = f"benchmark_{os.getpid()}"
        former = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_version")
                (version,) = cursor.fetchone()
            machine = f"{platform.machine()}, {os.cpu_count()} processors"
            print(f"{machine}, Python {platform.python_version()}, PostgreSQL {version}")
            print(", ".join(f"{count:,} {name}" for name, count in counts.items() if count > 1_000))
            before = megabytes()
            with timed("load it"):
                outcome = load(package)
            if outcome.problems:
                sys.exit("\n".join(outcome.problems.lines()))
            print(f"{'most memory of the process':<28} {megabytes():7} MB  (before the load {before} MB)")
            with timed("load it again: no change"):
                changed = load(package).is_change
            with timed("check the ledger"):
                wrong = ledger.differing()
            if changed or wrong:
                sys.exit("The second load changed something, or the ledger is wrong.")
            if export:
                with timed("export it"):
                    write(Path(folder) / "export", known=clock.now())
        finally:
            connection.creation.destroy_test_db(former, verbosity=0)


if __name__ == "__main__":
    main()
