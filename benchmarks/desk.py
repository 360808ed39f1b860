"""How long the desk's sheets take with four hundred rows: drawing them, and saving one cell.

    .venv/bin/python -m benchmarks.desk

Runs in one process on a database of its own, which it makes and drops again (beside the one of DATABASE_URL); one
connection, no network. Machines differ and are noisy: compare the ratios, against /healthz in the same run.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

ROWS = 400


def timed(times: int, ask: Callable[[int], Any], status: int) -> tuple[float, float]:
    """Ask again and again; return the median and the 95th percentile in milliseconds."""
    taken = []
    for number in range(-3, times):
        started = time.perf_counter()
        answer = ask(number)
        if number >= 0:
            taken.append((time.perf_counter() - started) * 1000)
        if answer.status_code != status:
            raise SystemExit(f"{answer.status_code} instead of {status}")
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def drafted(rows: int) -> tuple[Any, Any, Any]:
    """Make a meeting of forty states with ten public pledges each, half of them with a draft; return what to open."""
    from tests import factories  # after Django is set up

    summit = factories.SummitFactory(slug="benchmark")
    factories.publish(summit.changeset, at=factories.moment("2025-09-05"))
    full, half = factories.ChangesetFactory(summit=summit), factories.ChangesetFactory(summit=summit)
    public, source = factories.ChangesetFactory(), factories.SourceFactory()
    states = [factories.StateFactory() for _n in range(rows // 10)]
    for state in states:
        factories.ParticipationFactory(changeset=half, summit=summit, state=state, cited=[source])
    for number in range(rows):
        earlier = factories.UpdateFactory(
            changeset=public, pledge__changeset=public, pledge__state=states[number // 10], cited=[source]
        )
        for changeset in (full, half)[: 1 + number % 2]:
            factories.UpdateFactory(
                changeset=changeset,
                pledge=earlier.pledge,
                cited=[source],
                summit=summit,
                date=factories.day("2025-09-05"),
            )
    factories.publish(public, at=factories.moment("2025-09-06"))
    return summit, full, half


def measure(times: int) -> None:
    """Print a Markdown table."""
    from django.test import Client  # after Django is set up

    from guarantees.models import PledgeUpdate
    from tests import factories

    summit, full, half = drafted(ROWS)
    client = Client(headers={"Accept-Encoding": "gzip"})
    client.force_login(factories.editor())
    health = timed(times, lambda _n: client.get("/healthz"), 200)
    draft = PledgeUpdate.objects.filter(changeset=half).latest("pk")
    cell = f"/desk/changesets/{half.pk}/record/p{draft.pledge_id}/cells/summary/"
    own = f"/desk/rows/updates/{draft.pk}/cells/summary/"

    def save(address: str) -> Callable[[int], Any]:
        def ask(number: int) -> Any:
            version = PledgeUpdate.objects.values_list("version", flat=True).get(pk=draft.pk)
            sent = {"version": version, "summary": f"Said {number}."}
            return client.post(address, sent, headers={"HX-Request": "true"})

        return ask

    page = f"/desk/summits/{summit.slug}/record/?changeset={half.pk}"
    measured = {
        f"the intake, {ROWS} pledges": timed(times, lambda _n: client.get(page), 200),
        f"the sheet, {ROWS} updates": timed(times, lambda _n: client.get(f"/desk/changesets/{full.pk}/"), 200),
        "a cell of the intake opens": timed(times, lambda _n: client.get(cell, headers={"HX-Request": "true"}), 200),
        "a cell of the intake is saved": timed(times, save(cell), 200),
        "a cell of the sheet is saved": timed(times, save(own), 200),
    }
    print(f"{times} times each; /healthz takes {health[0]:.2f} ms (median).\n")
    print("| what | p50 ms | p95 ms | p50 ÷ healthz |\n|---|---|---|---|")
    for what, (median, late) in measured.items():
        print(f"| {what} | {median:.0f} | {late:.0f} | {median / health[0]:.0f} |")


def main() -> None:
    """Make a database, measure, drop it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--times", type=int, default=40)
    given = options.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connection  # after Django is set up

    settings.ALLOWED_HOSTS = ["*"]
    name = settings.DATABASES["default"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"benchmark_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        measure(given.times)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
