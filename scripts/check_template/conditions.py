"""A template as some parameters make it: what their conditions leave out is out."""

import re


class Meaning:
    """What parameters and conditions of a template mean, given some parameters."""

    def __init__(self, template, given):
        declared = template["Parameters"]
        if unknown := given.keys() - declared.keys():
            raise ValueError(f"the template has no {', '.join(sorted(unknown))}")
        self.kinds = {name: how["Type"] for name, how in declared.items()}
        self.values = {name: str(given.get(name, how.get("Default"))) for name, how in declared.items()}
        self.conditions = template.get("Conditions", {})

    def holds(self, condition):
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self.holds(self.conditions[argument])
            case "Fn::Equals":
                one, other = map(self.value, argument)
                return one == other
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
        raise ValueError(f"{name} in a condition has no meaning to this check")

    def value(self, written):
        return self.values[written["Ref"]] if isinstance(written, dict) else str(written)

    def filled(self, value):
        """The value with every parameter's value in the place of its name."""
        if isinstance(value, list):
            return [self.filled(it) for it in value]
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda name: self.values.get(name[1], name[0]), value)
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Ref"} and value["Ref"] in self.values:
            return self.typed(value["Ref"])
        return {name: self.filled(it) for name, it in value.items()}

    def typed(self, name):
        value, kind = self.values[name], self.kinds[name]
        if kind == "Number":
            return float(value) if "." in str(value) else int(value)
        return value.split(",") if kind == "CommaDelimitedList" else str(value)

    def chosen(self, value):
        """The value with every Fn::If decided; NOTHING of what is no value."""
        if isinstance(value, list):
            return [it for it in map(self.chosen, value) if it is not NOTHING]
        if not isinstance(value, dict):
            return value
        if value == {"Ref": "AWS::NoValue"}:
            return NOTHING
        if value.keys() == {"Fn::If"}:
            name, yes, no = value["Fn::If"]
            return self.chosen(yes if self.holds({"Condition": name}) else no)
        decided = {name: self.chosen(it) for name, it in value.items()}
        return {name: it for name, it in decided.items() if it is not NOTHING}


NOTHING = object()


def resources(template, given):
    """The resources of a stage with these parameters."""
    meaning = Meaning(template, given)
    return {
        name: {key: it for key, it in meaning.chosen(resource).items() if key != "Condition"}
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or meaning.holds({"Condition": resource["Condition"]})
    }


def filled(template, given):
    """The same as a template without parameters, which has their values instead."""
    meaning = Meaning(template, given)
    outputs = meaning.filled(template.get("Outputs", {}))
    return {"Resources": meaning.filled(resources(template, given)), "Outputs": outputs}


def refusals(template, given):
    """The rules of the template that do not let these parameters pass."""
    meaning = Meaning(template, given)
    for name, rule in template["Rules"].items():
        applies = "RuleCondition" not in rule or meaning.holds(rule["RuleCondition"])
        if applies and not all(meaning.holds(it["Assert"]) for it in rule["Assertions"]):
            yield name
