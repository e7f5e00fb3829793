"""What `scripts/deploy` and `scripts/rollback` share: which commit, which stage, what is
kept of a release, and how a stack is brought to one."""

import sys


class Refused(Exception):
    """What was asked for cannot be done, and nothing was changed."""


class Failed(Exception):
    """A step failed; what came after it was not done."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def command(main):
    """Runs a command's main function: 2 for what was refused, 1 for what failed."""
    try:
        main()
    except Refused as reason:
        say(f"refused: {reason}")
        sys.exit(2)
    except Failed as reason:
        say(f"failed: {reason}")
        sys.exit(1)
