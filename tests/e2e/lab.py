"""JupyterLab with settings of its own, and a notebook of it opened in Chromium."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TOKEN = "test"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    # no pop-up that asks for news
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # cells out of sight stay in the page; the kernel starts by itself
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
}
# The toolbar says "idle" before the kernel is connected, and a "run all" given then is dropped.
KERNEL_IS_IDLE = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
ALL_CELLS_HAVE_RUN = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
    .every(prompt => /\\[\\d+\\]/.test(prompt.textContent))"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def lab_environment(folder):
    for name, settings in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    return {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(folder / f) for name, f in folders.items()}}


def wait_for_answer(url, log, timeout_s=60):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.2)
    return pytest.fail(f"JupyterLab does not answer:\n{log.read_text()[-2000:]}")


@contextmanager
def jupyter_lab(folder):
    """Run JupyterLab in a folder with settings of its own; give its address."""
    port, log = free_port(), folder / "lab.log"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += [
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
    ]
    command += ["--LabApp.extension_manager=readonly", "--expose-app-in-browser"]
    command += ["--allow-root"] if os.geteuid() == 0 else []
    with log.open("w") as output:
        server = subprocess.Popen(
            command, env=lab_environment(folder), stdout=output, stderr=output, cwd=folder
        )
        try:
            wait_for_answer(f"http://127.0.0.1:{port}/api", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:  # a busy machine: what was tested is over
                server.kill()
                server.wait()


@contextmanager
def opened_notebook(folder, name):
    """Run all cells of a notebook in a folder; give the page, the server's address and what the page asked for."""
    from playwright.sync_api import sync_playwright

    requests = []
    with jupyter_lab(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        page.wait_for_function(KERNEL_IS_IDLE, timeout=60_000)
        assert page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')") is True
        page.wait_for_function(ALL_CELLS_HAVE_RUN, timeout=120_000)
        yield page, address, requests
        browser.close()
