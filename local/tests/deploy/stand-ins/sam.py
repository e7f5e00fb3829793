"""SAM's commands as far as a deployment needs them: moto's CloudFormation knows neither its
transform nor where a change set's template is. What SAM itself makes of them, real_sam.rs asks."""

import hashlib
import json
import os
import sys
from pathlib import Path

TREE = Path(os.environ["TREE"])


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def package():
    """What a program is, its hash says, as in SAM's."""
    text = Path(option("--template-file")).read_text()
    for program in sorted((TREE / "target/lambda").glob("*/bootstrap")):
        digest = hashlib.md5(program.read_bytes()).hexdigest()
        location = f"s3://{option('--s3-bucket')}/{option('--s3-prefix')}/{digest}"
        text = text.replace(f"CodeUri: target/lambda/{program.parent.name}\n", f"CodeUri: {location}\n")
    Path(option("--output-template-file")).write_text(text)


def deploy():
    import boto3  # takes longer than all the rest

    overrides = json.loads(Path(option("--parameter-overrides").removeprefix("file://")).read_text())
    template = Path(option("--template-file")).read_text()
    stack = f"storefront-{option('--config-env')}"
    client = boto3.client("cloudformation")
    stacks = client.describe_stacks()["Stacks"]
    known = {it["StackName"]: it.get("Parameters", []) for it in stacks}
    before = {it["ParameterKey"]: it["ParameterValue"] for it in known.get(stack, [])}
    # As SAM has it: what is not said stays.
    parameters = before | overrides | {"Template": hashlib.sha256(template.encode()).hexdigest()}
    body = {
        "Parameters": {name: {"Type": "String"} for name in parameters},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"ApiUrl": {"Value": f"https://{stack}.test"}},
    }
    (client.update_stack if stack in known else client.create_stack)(
        StackName=stack,
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )


with (TREE / "called").open("a") as called:
    print("sam", *sys.argv[1:], file=called)
file = TREE / "failing"
failing = file.read_text() if file.exists() else ""
if failing == f"sam {sys.argv[1]}":
    sys.exit(1)
if failing == f"sam {sys.argv[1]} is declined":
    sys.exit(0)
{"package": package, "deploy": deploy}.get(sys.argv[1], lambda: None)()
if failing == f"sam {sys.argv[1]} is cut off":
    sys.exit(1)
