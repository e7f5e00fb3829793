"""Each alarm has its line in docs/operations.md: what it means, where to look, what to do. And the
commands there and in docs/deployment.md are some that the AWS CLI has, and what they pick out of an
answer is in it."""

import re

import botocore.session
import jmespath
from botocore import xform_name
from botocore.waiter import WaiterModel

from .functions import of_type
from .source import ROOT

PAGE = "docs/operations.md"
# What the CLI has under a name of its own, and what no service describes.
RENAMED = {"s3api": "s3", "deploy": "codedeploy"}
OWN = {("cloudformation", "deploy"), ("logs", "tail")}
# Options that the CLI itself has, of each command.
OF_ANY = {"cli-binary-format", "cli-input-json", "max-items", "output", "query"}
QUERY = re.compile(r" --query (?:'([^']*)'|\"([^\"]*)\"|([^\s)]+))")
# What a query compares with: `this` or 'this'.
LITERAL = re.compile(r"[`']([^`']+)[`']")


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


def commands(page):
    """Service, operation, options and query of each `aws` command."""
    text = (ROOT / page).read_text().replace("\\\n", " ")
    for service, operation, rest in re.findall(r"\baws ([a-z\d]+) ((?:wait )?[a-z\d-]+)([^\n;]*)", text):
        query = QUERY.search(rest)
        options = set(re.findall(r" --(?:no-)?([a-z-]+)", rest))
        yield RENAMED.get(service, service), operation, options, query and next(filter(None, query.groups()))


def sample(shape, texts, within=()):
    """An answer of this shape that leaves nothing out, its strings the first of the texts, its lists
    with an item of each text."""
    if shape.name in within:
        return None
    within = (*within, shape.name)
    match shape.type_name:
        case "structure":
            return {name: sample(member, texts, within) for name, member in shape.members.items()}
        case "list":
            return [sample(shape.member, [text, *texts], within) for text in texts]
        case "map":
            return {text: sample(shape.value, [text], within) for text in texts}
        case "string":
            return texts[0]
        case "boolean":
            return True
    return 1


def found_by(query, answer):
    """Whether there is something in all places that a query names."""
    found = jmespath.search(query, answer)
    queue, leaves = [found], []
    while queue:
        it = queue.pop()
        if isinstance(it, dict | list):
            queue.extend(it.values() if isinstance(it, dict) else it)
        else:
            leaves.append(it)
    return bool(leaves) and None not in leaves


def waited(session, service):
    """The operation that each waiter of a service asks."""
    waiters = WaiterModel(session.get_component("data_loader").load_service_model(service, "waiters-2"))
    return {xform_name(it, "-"): xform_name(waiters.get_waiter(it).operation, "-") for it in waiters.waiter_names}


def check_commands():
    for page in (PAGE, "docs/deployment.md"):
        yield from check_page(page)


def check_page(page):
    """By the SDK's description of each service, which the CLI is made of."""
    session, known = botocore.session.Session(), {}
    for service, operation, options, query in commands(page):
        if (service, operation) in OWN:
            continue
        if service not in session.get_available_services():
            yield f"{page}: AWS has no service {service}"
            continue
        model = known.setdefault(service, session.get_service_model(service))
        names = {xform_name(name, "-"): name for name in model.operation_names}
        if operation.startswith("wait "):
            operation = waited(session, service).get(operation.removeprefix("wait "), operation)
        if operation not in names:
            yield f"{page}: {service} has no operation {operation}"
            continue
        described = model.operation_model(names[operation])
        members = described.input_shape.members
        for option in sorted(options - {xform_name(member, "-") for member in members} - OF_ANY):
            yield f"{page}: aws {service} {operation} has no --{option}"
        if query and not found_by(query, sample(described.output_shape, ["text", *LITERAL.findall(query)])):
            yield f"{page}: of what aws {service} {operation} answers, --query {query} finds nothing"
