"""Processor time and memory of a process and its descendants, from the kernel."""
import os
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all that descend from it."""
    pids, found = [pid], 0
    while found < len(pids):
        try:
            for thread in os.listdir(f"/proc/{pids[found]}/task"):
                with open(f"/proc/{pids[found]}/task/{thread}/children", encoding="ascii") as file:
                    pids += map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError):
            pass  # has ended
        found += 1
    return pids


def cpu_seconds(pid):
    """Of all threads, also of those that have ended, and of children.

    The CPU-time clock of a process is the sum of its threads' first number in schedstat, exact at
    the moment of asking. Of children that have ended the kernel tells whole ticks.
    """
    total = 0.0
    for member in tree(pid):
        try:
            total += time.clock_gettime(~member << 3 | 2)
            with open(f"/proc/{member}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) / TICKS
        except OSError:
            pass  # has ended; its parent counts it
    return total


def memory(pid):
    """Bytes in memory: all of it (VmRSS), what is the process's own (RssAnon), and page tables."""
    sums = {"VmRSS": 0, "RssAnon": 0, "VmPTE": 0}
    for member in tree(pid):
        try:
            with open(f"/proc/{member}/status", encoding="ascii") as file:
                status = dict(re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.MULTILINE))
        except (FileNotFoundError, ProcessLookupError):
            continue  # has ended
        for key in sums:
            sums[key] += int(status.get(key, 0)) * 1024
    return sums


def settled_memory(pid):
    """The same, once it does not change any more."""
    before, deadline = None, time.monotonic() + 10
    while time.monotonic() < deadline:
        now = memory(pid)
        if now == before:
            break
        before = now
        time.sleep(0.15)
    return now
