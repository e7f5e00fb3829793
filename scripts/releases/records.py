"""What is kept of releases, in the bucket that also holds what was built.

    releases/COMMIT/template.yaml   the packaged template: it names what was built by its hash
    releases/COMMIT/release.json    what was built, and for which processor
    releases/COMMIT/STAGE.json      what came of it when it was last brought to a stage
    releases/COMMIT/STAGE-ran.json  how it ran there: with which parameters, in whose place
    releases/COMMIT/STAGE-begun.json  the same, from before it is deployed on

The commit's full name is the key, so a record is of one tree and no other, whoever asks from
wherever. Nothing secret is kept.
"""

import json

import boto3
from botocore.exceptions import ClientError

from releases import Refused


class Records:
    def __init__(self, stage):
        self.bucket = stage.bucket
        self.s3 = boto3.client("s3", region_name=stage.region)

    def template(self, commit):
        return self._read(f"releases/{commit}/template.yaml")

    def release(self, commit):
        return self._json(f"releases/{commit}/release.json")

    def of_stage(self, commit, stage):
        return self._json(f"releases/{commit}/{stage}.json")

    def run(self, commit, stage):
        return self._json(f"releases/{commit}/{stage}-ran.json")

    def keep_release(self, commit, template, release):
        """The template first: a release is there when its record is."""
        self._write(f"releases/{commit}/template.yaml", template)
        self._write(f"releases/{commit}/release.json", json.dumps(release, indent=2))

    def keep_of_stage(self, commit, stage, record):
        self._write(f"releases/{commit}/{stage}.json", json.dumps(record, indent=2))

    def begin_run(self, commit, stage, run):
        self._write(f"releases/{commit}/{stage}-begun.json", json.dumps(run, indent=2))

    def settle_run(self, commit, stage, release):
        """What was begun ran, if the stack came to its release, whoever waited for that or not."""
        begun = self._json(f"releases/{commit}/{stage}-begun.json")
        if begun and begun["release"] == release:
            self._write(f"releases/{commit}/{stage}-ran.json", json.dumps(begun, indent=2))

    def _json(self, key):
        text = self._read(key)
        return None if text is None else json.loads(text)

    def _read(self, key):
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()
        except self.s3.exceptions.NoSuchKey:
            return None
        except ClientError as error:
            raise Refused(f"the bucket {self.bucket} cannot be read: {error}") from error

    def _write(self, key, text):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
