"""What a template says of its parameters."""

import yaml


class Loader(yaml.CSafeLoader):
    """Takes CloudFormation's short tags (!Ref) for nothing: parameters have none."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def parameters(template):
    """Each by its name."""
    return yaml.load(template, Loader).get("Parameters", {})
