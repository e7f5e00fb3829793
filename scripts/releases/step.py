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


def smoke(stage, url):
    """Whether the stage answers rightly, read only."""
    run("loadtest/run-load-tests.sh", "--smoke", ALLOW_WRITES="0", **target(stage, url))


def load_test(stage, url, scenarios):
    """Whether it does so in time: each scenario has its limits."""
    run("loadtest/run-load-tests.sh", "-t", ",".join(scenarios), **target(stage, url))


def target(stage, url):
    """The stage, and the token that its detailed health asks for."""
    return {"BASE_URL": url, "HEALTH_TOKEN": stage.secrets().get("HealthToken", "")}
