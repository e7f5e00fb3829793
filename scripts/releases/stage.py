"""A stage, as samconfig.toml describes it."""

import os
import re
from pathlib import Path

import tomlkit
import yaml

from releases import Refused, jwks

NAMES = ("dev", "staging", "production")
# Secrets of a stage come from the environment, under names that end with the stage's: so one
# that is still set for another stage is not taken for its own. What is not there stays as it
# is on the stack: a secret that GitHub does not know is an empty variable there, so what is to
# be taken off has a word of its own, which neither of them can be.
SECRETS = {"HealthToken": "HEALTH_TOKEN", "SentryDsn": "SENTRY_DSN"}
TAKEN_OFF = "none"
# What stands for nobody's: a domain of RFC 2606, and the account of AWS's examples.
PLACEHOLDER = re.compile(r"\.example(?![\w.-])|111122223333")


class Stage:
    def __init__(self, name):
        if name not in NAMES:
            raise Refused(f"there is no stage {name or 'without a name'}: ENV is {', '.join(NAMES)}")
        self.name = name
        every = tomlkit.parse(Path("samconfig.toml").read_text()).unwrap()
        config = every[name]
        self.stack = config["global"]["parameters"]["stack_name"]
        self.region = config["global"]["parameters"]["region"]
        self.bucket = bucket(config)
        # Whoever may deploy to dev could put something else in the place of what production gets.
        if bucket(every["dev"]) in [bucket(every[it]) for it in NAMES if it != "dev"]:
            raise Refused(f"{bucket(every['dev'])} is the bucket of dev and of another stage: dev has one of its own")
        self.file = config["deploy"]["parameters"]["parameter_overrides"].removeprefix("file://")

    def parameters(self):
        """What is committed for the stage, each as the text that CloudFormation takes."""
        said = yaml.safe_load(Path(self.file).read_text())
        parameters = {name: text(value) for name, value in said.items()}
        for name in SECRETS.keys() & parameters.keys():
            raise Refused(f"{name} is a secret: it has no place in {self.file}, set {self._variable(name)}")
        if parameters.get("Stage") != self.name:
            raise Refused(f"{self.file} is not of {self.name}: its Stage is {parameters.get('Stage')}")
        for name, value in {**parameters, "s3_bucket": self.bucket}.items():
            if PLACEHOLDER.search(value):
                raise Refused(f"{name} of {self.name} is a placeholder ({value}): docs/deployment.md says what to set")
        if "AuthJwks" in parameters:
            parameters["AuthJwks"] = jwks.reduced(parameters["AuthJwks"])
        return parameters

    def secrets(self):
        given = {name: os.environ.get(self._variable(name)) for name in SECRETS}
        return {name: "" if it == TAKEN_OFF else it for name, it in given.items() if it}

    def _variable(self, secret):
        return f"{SECRETS[secret]}_{self.name.upper()}"


def bucket(config):
    return config["deploy"]["parameters"]["s3_bucket"]


def text(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
