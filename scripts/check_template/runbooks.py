"""Each alarm has its line in docs/operations.md: what it means, where to look, what to do. And the
commands there are some that the AWS CLI has."""

import re

import botocore.session
from botocore import xform_name

from .functions import of_type
from .source import ROOT

PAGE = "docs/operations.md"
# Options that the CLI itself has, of each command.
OF_ANY = {"cli-binary-format", "max-items", "output", "query"}


def lines():
    """The rows about alarms: their names, and what is said of them."""
    for line in (ROOT / PAGE).read_text().splitlines():
        if line.startswith("| `"):
            names, *said = [cell.strip() for cell in line.strip("|").split(" | ")]
            yield re.findall(r"`(\w+)`", names), [cell.strip(" |") for cell in said]


def check(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").keys()
    found = [name for names, _ in lines() for name in names]
    for name in sorted(alarms ^ set(found)):
        yield f"{PAGE}: {name} {'has no line' if name in alarms else 'is no alarm'}"
    for name in sorted({name for name in found if found.count(name) > 1}):
        yield f"{PAGE}: {name} has more than one line"
    for names, said in lines():
        if len(said) != 3 or not all(said):
            yield f"{PAGE}: {names[0]}: a line says what it means, where to look and what to do"


def commands():
    """Service, operation and options of each `aws` command."""
    text = (ROOT / PAGE).read_text().replace("\\\n", " ")
    for service, operation, rest in re.findall(r"\baws ([a-z\d]+) ([a-z\d-]+)([^\n;]*)", text):
        yield service, operation, set(re.findall(r" --([a-z-]+)", rest))


def check_commands():
    """By the SDK's description of each service, which the CLI is made of."""
    session, known = botocore.session.Session(), {}
    for service, operation, options in commands():
        if service not in session.get_available_services():
            yield f"{PAGE}: AWS has no service {service}"
            continue
        model = known.setdefault(service, session.get_service_model(service))
        names = {xform_name(name, "-"): name for name in model.operation_names}
        if operation not in names:
            yield f"{PAGE}: {service} has no operation {operation}"
            continue
        members = model.operation_model(names[operation]).input_shape.members
        for option in sorted(options - {xform_name(member, "-") for member in members} - OF_ANY):
            yield f"{PAGE}: aws {service} {operation} has no --{option}"
