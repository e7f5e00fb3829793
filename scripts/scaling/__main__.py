"""What breaks first from 1 to 100,000 requests a second, and what a million of them cost.

    scripts/scaling                         prints the tables
    scripts/scaling --write docs/scaling.md puts them where the document has them
    scripts/scaling --check docs/scaling.md fails if the document says something else

A model: nothing here was run on AWS. What it takes from this repository it reads there
(repository.py), all else is in facts.py, with its source. Run it by `.tools/venv/bin/python`.
"""

import argparse
import re
import sys
from pathlib import Path

import tables

BLOCK = re.compile(r"(<!-- scripts/scaling: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text):
    """A document with each of its tables as it is now."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{tables.markdown(tables.ALL[block[2]]())}\n\n{block[3]}", text)


def differences(said):
    """What a document says otherwise."""
    lines = zip(filled(said).splitlines(), said.splitlines())
    yield from (f"it has to say: {right}" for right, line in lines if right != line)
    text = " ".join(said.split())
    yield from (f"it has to say: {phrase}" for phrase in tables.phrases() if phrase not in text)


def main():
    parser = argparse.ArgumentParser(prog="scripts/scaling")
    parser.add_argument("--check", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    path = given.check or given.write
    if not path:
        for name, table in tables.ALL.items():
            print(f"\n{name}\n\n{tables.markdown(table())}")
        return
    if given.write:
        path.write_text(filled(path.read_text()))
    found = list(differences(path.read_text()))
    if found:
        sys.exit("\n".join([f"scaling: {path} is not what the model says (--write writes its tables)", *found[:20]]))


if __name__ == "__main__":
    main()
