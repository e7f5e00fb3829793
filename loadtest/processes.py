"""The processes of a running system: `local` and what it started."""

import os
import subprocess


def of(stack):
    """Process ids by name: `local` itself, the emulator, the cache, each function.

    A name is the program's; Linux tells 15 characters of it.
    """
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
    lines = (line.split(None, 2) for line in listed.stdout.splitlines())
    return {os.path.basename(program): int(pid) for pid, parent, program in lines if stack in (int(pid), int(parent))}
