"""How long public pages take, one connection, warm: made anew, from the version cache, and unchanged (304).

    make demo                                   in one terminal
    .venv/bin/python -m benchmarks.pages        in another; --url, --requests, and paths to measure others

Times are milliseconds. Machines differ and are noisy: compare the last column, the median against that of /healthz in
the same run. A page is made anew by asking for it as known at a moment that nobody asked for before.
"""

import argparse
import datetime as dt
import http.client
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

PAGES = (
    "/",
    "/pledges/",
    "/pledges/?state=fra&status=committed",
    "/pledges/gbr-troops/",
    "/states/",
    "/states/gbr/",
    "/summits/",
    "/summits/paris-2025-09-04/",
    "/sources/",
    "/changes/",
    "/methodology/",
    "/search/?q=troops",
    "/de/pledges/",
)


def percentiles(milliseconds: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    return statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)[-1]


def timed(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str], expected: int
) -> tuple[float, http.client.HTTPResponse]:
    """Ask once on an open connection; return the time to the last byte, and the answer."""
    started = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - started) * 1000
    if answer.status != expected:
        raise SystemExit(f"{path} answered {answer.status} instead of {expected}.")
    return took, answer


def series(
    connection: http.client.HTTPConnection, requests: int, ask: Callable[[int], tuple[str, dict[str, str], int]]
):
    """Time ``requests`` requests after a few that do not count."""
    times = []
    for number in range(-5, requests):
        path, headers, expected = ask(number)
        took, _answer = timed(connection, path, headers, expected)
        if number >= 0:
            times.append(took)
    return percentiles(times)


def main() -> None:
    """Measure and print a Markdown table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", default="http://127.0.0.1:8000")
    options.add_argument("--requests", type=int, default=200)
    options.add_argument("paths", nargs="*", default=PAGES)
    given = options.parse_args()
    server = urlsplit(given.url)
    connection = http.client.HTTPConnection(server.hostname or "127.0.0.1", server.port or 80)
    gzip = {"Accept-Encoding": "gzip"}
    health, _p95 = series(connection, given.requests, lambda _number: ("/healthz", gzip, 200))
    print(f"{given.requests} requests a cell; /healthz takes {health:.2f} ms (median).\n")
    print("| page | anew p50 | p95 | cached p50 | p95 | 304 p50 | p95 | anew ÷ healthz |")
    print("|---|---|---|---|---|---|---|---|")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for asked, path in enumerate(given.paths):
        joint = "&" if "?" in path else "?"

        def anew(number: int, path: str = path, joint: str = joint, asked: int = asked):
            known = start - dt.timedelta(seconds=1 + number + 10 + asked * (given.requests + 20))
            return f"{path}{joint}known={known:%Y-%m-%dT%H:%M:%SZ}", gzip, 200

        fresh = series(connection, given.requests, anew)
        cached = series(connection, given.requests, lambda _number, path=path: (path, gzip, 200))
        _took, answer = timed(connection, path, gzip, 200)
        etag = answer.headers["ETag"]
        known_page = {**gzip, "If-None-Match": etag}
        same = series(connection, given.requests, lambda _number, path=path, headers=known_page: (path, headers, 304))
        cells = " | ".join(f"{value:.1f}" for value in (*fresh, *cached, *same))
        print(f"| `{path}` | {cells} | {fresh[0] / health:.0f} |")


if __name__ == "__main__":
    main()
