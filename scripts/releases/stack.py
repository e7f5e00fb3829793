"""A stage's stack: what it says of itself, and how it is brought to a release."""

import json
import os
import re
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import boto3
from botocore.exceptions import ClientError, WaiterError

from releases import Failed, Refused, template
from releases.stage import SECRETS, text

SAM = os.environ.get("SAM", ".tools/venv/bin/sam")
# Nothing is under way, and what its parameters say is what it runs.
AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
# No update may replace or delete what data is in, a rollback least of all (AWS: "Prevent
# updates to stack resources").
POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Replace", "Update:Delete"],
            "Resource": [f"LogicalResourceId/{name}" for name in ("Table", "CursorKey", "WebhookSecrets")],
        },
    ]
}


class Stack:
    def __init__(self, stage):
        self.stage = stage
        self.cloudformation = boto3.client("cloudformation", region_name=stage.region)

    def described(self):
        """None, if there is no stack."""
        try:
            return self.cloudformation.describe_stacks(StackName=self.stage.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise Refused(f"the stack {self.stage.stack} cannot be described: {error}") from error

    def status(self):
        described = self.described()
        return described and described["StackStatus"]

    def settled(self):
        """Its status once it is done with what it only cleans up."""
        until = time.monotonic() + 1800
        while (status := self.status() or "").endswith("CLEANUP_IN_PROGRESS") and time.monotonic() < until:
            time.sleep(5)
        return status

    def release(self):
        """What the stack itself says is on it: CloudFormation takes this back with the rest."""
        described = self.described() or {}
        parameters = {it["ParameterKey"]: it["ParameterValue"] for it in described.get("Parameters", [])}
        return parameters.get("Release") or None

    def ran(self, records):
        """The commit that it runs, with its record, also if whoever deployed it was cut off."""
        release = self.release()
        commit = commit_of(release)
        if commit and self.status() in AT_REST:
            records.settle_run(commit, self.stage.name, release)
        return commit

    def url(self):
        outputs = {it["OutputKey"]: it["OutputValue"] for it in self.described().get("Outputs", [])}
        return outputs["ApiUrl"]

    def bring_to(self, packaged, release, given, confirm=False):
        """Deploys a packaged template with what is given of its parameters. Nothing is built, and
        secrets do not stand among the arguments, which everybody on the machine may read."""
        # Before it, so that one that is cut off leaves none without.
        if (self.status() or "").endswith("_COMPLETE"):
            self._protect()
        with tempfile.TemporaryDirectory() as folder:
            # JSON, which is YAML too; by that name alone does SAM read it.
            file, overrides = Path(folder, "template.yaml"), Path(folder, "parameters.yaml")
            file.write_text(packaged)
            overrides.touch(mode=0o600)
            known = template.parameters(packaged)
            overrides.write_text(json.dumps(complete(known, {**given, "Release": release})))
            self._sam_deploy(file, overrides, "confirm" if confirm else "no-confirm")
        # It also ends well where the change set was not confirmed.
        if (runs := self.release()) != release:
            raise Failed(f"nothing was deployed, the stack still runs {runs}: was the change set confirmed?")
        self._protect()

    def _protect(self):
        self.cloudformation.set_stack_policy(StackName=self.stage.stack, StackPolicyBody=json.dumps(POLICY))

    def _sam_deploy(self, file, overrides, confirm):
        # SAM looks for its configuration beside the template.
        ended = subprocess.run([
            SAM, "deploy", "--config-env", self.stage.name, "--config-file", Path("samconfig.toml").absolute(),
            "--template-file", file, f"--{confirm}-changeset", "--parameter-overrides", f"file://{overrides}",
        ])
        if ended.returncode:
            raise Failed(f"sam deploy ended with {ended.returncode}; CloudFormation keeps or takes back what was there")

    def call_off(self):
        """Has CloudFormation take back the update that it is at; False if that was over before."""
        try:
            self.cloudformation.cancel_update_stack(StackName=self.stage.stack)
        except ClientError as error:
            if self.status() == "UPDATE_IN_PROGRESS":
                raise Failed(f"the update cannot be called off: {error}") from error
            return False
        try:
            waiter = self.cloudformation.get_waiter("stack_rollback_complete")
            waiter.wait(StackName=self.stage.stack, WaiterConfig={"Delay": 5, "MaxAttempts": 360})
        except WaiterError as error:
            raise Failed(f"the update was not taken back: {error}") from error
        return True


def complete(known, given):
    """The parameters of a template, with its default for each that is not given: SAM would have
    CloudFormation keep the value of before (`UsePreviousValue`). That is for secrets alone."""
    defaults = {name: text(it["Default"]) for name, it in known.items() if "Default" in it and name not in SECRETS}
    return {name: it for name, it in {**defaults, **given}.items() if name in known}


def release_of(version, commit):
    """The name of a deployment, one of its own for each: only a function whose variables
    changed gets a new version, and its alias with it."""
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return f"storefront@{version}+{commit}.{now}"


def commit_of(release):
    found = re.fullmatch(r"storefront@.+\+([0-9a-f]{40})\.\d{8}T\d{6}Z", release or "")
    return found and found[1]
