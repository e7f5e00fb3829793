"""The template as it is written, beside the code that it deploys."""

import json
import re
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]


def read():
    return yaml_parse((ROOT / "template.yaml").read_text())


def functions(template):
    resources = template["Resources"].items()
    return {name: it for name, it in resources if it["Type"] == "AWS::Serverless::Function"}


def crates():
    return sorted(path.parent.name for path in ROOT.glob("functions/*/Cargo.toml"))


def pascal_case(crate):
    return "".join(word.capitalize() for word in crate.split("-"))


def check_crates(template):
    """The template's functions are the crates under functions/, one for one."""
    found, wanted = functions(template).keys(), {pascal_case(crate) for crate in crates()}
    for name in sorted(wanted ^ found):
        where = "no resource" if name in wanted else "no crate"
        yield f"{name}: {where} of that name"


def check_names(template):
    """A reader who knows the crate's name knows all the others."""
    for name, function in functions(template).items():
        properties = function["Properties"]
        crate = Path(properties["CodeUri"]).name
        expected = {
            "the resource": (name, pascal_case(crate)),
            "CodeUri": (properties["CodeUri"], f"target/lambda/{crate}"),
            "FunctionName": (properties.get("FunctionName"), {"Fn::Sub": f"${{AWS::StackName}}-{crate}"}),
            "Role": (properties.get("Role"), {"Fn::GetAtt": [f"{name}Role", "Arn"]}),
            "LogGroup": (properties.get("LoggingConfig", {}).get("LogGroup"), {"Ref": f"{name}Logs"}),
            "Metadata": (function.get("Metadata"), {"SkipBuild": True}),
        }
        for what, (found, wanted) in expected.items():
            if found != wanted:
                yield f"{name}: {what} is {found}, not {wanted}"


def check_payloads(template):
    """Every function can be invoked by hand."""
    for name, function in functions(template).items():
        folder = ROOT / "functions" / Path(function["Properties"]["CodeUri"]).name / "events"
        payloads = sorted(folder.glob("*.json"))
        if not payloads:
            yield f"{name}: no payload in {folder.relative_to(ROOT)}"
        for payload in payloads:
            try:
                json.loads(payload.read_text())
            except ValueError as error:
                yield f"{payload.relative_to(ROOT)}: {error}"


def check_rate_limits(template):
    """Each default stands in the code, in the template and in the README, and is the same."""
    sources = [path.read_text() for path in ROOT.glob("functions/*/src/*.rs")]
    quota = re.compile(r'"(RATE_LIMIT_\w+)",\s*Quota::new\(([\d_]+),\s*([\d_]+)\)')
    readme = (ROOT / "README.md").read_text().splitlines()
    for variable, requests, seconds in {found for code in sources for found in quota.findall(code)}:
        default = f"{requests}/{seconds}".replace("_", "")
        parameter = pascal_case(variable.lower().replace("_", "-"))
        if template["Parameters"].get(parameter, {}).get("Default") != default:
            yield f"{parameter}: its default is not {default}, as in the code"
        if not any(f"`{variable}`" in line and f"`{default}`" in line for line in readme):
            yield f"{variable}: README.md does not say that its default is {default}"


def check_descriptions(template):
    """Whoever deploys learns what each parameter is for."""
    for name, parameter in template["Parameters"].items():
        if not parameter.get("Description"):
            yield f"{name}: a parameter without a description"


CHECKS = [check_crates, check_names, check_payloads, check_rate_limits, check_descriptions]
