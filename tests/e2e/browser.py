"""Chromium without a window, for tests and pictures."""

from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page that was opened, what it asked for, and the scripts that ran."""

    def __init__(self, browser, path, *, scheme="light", width=1280, bypass_csp=False):
        self.context = browser.new_context(
            offline=True, color_scheme=scheme, bypass_csp=bypass_csp, viewport={"width": width, "height": 900}
        )
        self.page = self.context.new_page()
        self.requests, self.alerts = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self._note)
        self.address = Path(path).resolve().as_uri()
        self.page.goto(self.address)

    def _note(self, dialog):
        self.alerts.append(dialog.message)
        dialog.dismiss()

    @property
    def text(self):
        return self.page.evaluate("document.body.innerText")

    def violations(self):
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in found]

    def overflow_px(self):
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
