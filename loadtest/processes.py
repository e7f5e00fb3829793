"""The processes of a running system: `local` and what it started."""

import os
import subprocess


def of(stack):
    """Process ids by name: `local` itself, the emulator, the cache, each function."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    lines = (line.split(None, 2) for line in listed.stdout.splitlines())
    ours = [(int(pid), args) for pid, parent, args in lines if stack in (int(pid), int(parent))]
    return {name(args): pid for pid, args in ours}


def name(args):
    """What a process is called, after the program that it runs."""
    return os.path.basename(args.split()[0])
