"""The commit that is deployed: the one that is checked out, as it was committed."""

import re
import subprocess

from releases import Refused


def git(*arguments):
    ended = subprocess.run(["git", *arguments], stdout=subprocess.PIPE, text=True)
    if ended.returncode:
        raise Refused(f"git {arguments[0]} failed: this has to run inside the repository")
    return ended.stdout


def checked_out():
    """Its full name. What differs from it would be deployed under its name."""
    changed = git("status", "--porcelain").splitlines()
    if changed:
        raise Refused(f"the tree is not what was committed ({changed[0].strip()}, …): commit it, or stash it")
    return git("rev-parse", "HEAD").strip()


def named(name):
    """The full name of a commit that is named in any way that git knows."""
    if re.fullmatch(r"[0-9a-f]{40}", name):
        return name
    return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()


def version():
    """That of the workspace."""
    manifest = git("show", "HEAD:Cargo.toml")
    return re.search(r'^\[workspace\.package\]\nversion = "(.+)"', manifest, re.MULTILINE)[1]
