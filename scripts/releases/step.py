"""The steps of a deployment: each says that it begins, and what it took."""

import os
import subprocess
import time
from contextlib import contextmanager

from releases import Failed, say


@contextmanager
def step(name, checks=None):
    say(f"── {name}")
    began = time.monotonic()
    yield
    seconds = round(time.monotonic() - began)
    say(f"── {name}: done in {seconds} s")
    if checks is not None:
        checks.append({"name": name, "seconds": seconds})


def run(*command, **variables):
    """A command that has to succeed."""
    ended = subprocess.run(command, env={**os.environ, **variables})
    if ended.returncode:
        raise Failed(f"{command[0]} ended with {ended.returncode}")


def smoke(url):
    """Whether the stage answers rightly, read only."""
    run("loadtest/run-load-tests.sh", "--smoke", BASE_URL=url, ALLOW_WRITES="0")


def load_test(url):
    """Whether it does so in time: each scenario has its limits."""
    scenarios = os.environ.get("SCENARIOS") or "health-check,catalogue,mixed"
    run("loadtest/run-load-tests.sh", "-t", scenarios, BASE_URL=url)
