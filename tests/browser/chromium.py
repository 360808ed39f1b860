"""Which Chromium the browser tests drive. Run as a program, it provides one where there is none.

The choice is: one that is installed and launches, else the one that Playwright brings, else, as root on Debian,
the system's package.
"""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--disable-dev-shm-usage",
    # No name but this machine's is ever looked up, so that no page can ask for anything outside.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


class NoBrowser(Exception):
    """No Chromium launches here; says what was tried."""


def launch(playwright: Playwright) -> Browser:
    """Launch the first Chromium that works; raises NoBrowser."""
    installed = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in NAMES)]
    tried = []
    for path in [*filter(None, installed), None]:
        try:
            return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            tried.append(f"{path or 'the one of Playwright'}: {error.message.splitlines()[0]}")
    raise NoBrowser(f"no Chromium launches here ({'; '.join(tried)})")


def missing() -> str:
    """Why no Chromium can be used, or an empty text when one launches."""
    try:
        with sync_playwright() as playwright:
            launch(playwright).close()
    except NoBrowser as reason:
        return str(reason)
    return ""


def provide() -> None:
    """Get a Chromium if there is none: Playwright's own, else Debian's package when root."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
        ]
    for command in attempts:
        if not missing():
            return
        print("No Chromium launches; trying:", " ".join(command), flush=True)
        try:
            subprocess.run(command, check=False, timeout=300, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            print("Gave up after five minutes.", flush=True)
    if reason := missing():
        print(f"The browser tests will be skipped: {reason}", flush=True)


if __name__ == "__main__":
    provide()
