#!/usr/bin/env -S python3 -B
"""Compares coroecho with other echo servers; scripts/bench builds what it needs and calls it.

Each server runs alone on one core, the load on another. In each round every server has its turn, so
that what disturbs the machine disturbs all; ratios are taken within a round. Told are medians, and ±
is half the distance between the quartiles.
"""
import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import shlex
import sys
import time

import cores
import plots
import report
from load import Load
from results import Results
from servers import BASELINE, COROECHO, LOGGING, SERVERS, Running
from workloads import WORKLOADS

CORE = (COROECHO, LOGGING, BASELINE, "raw epoll, 256 KiB", "raw io_uring")


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Workloads: {', '.join(WORKLOADS)}. "
               f"Servers: {'; '.join(server.name for server in SERVERS)}.")
    parser.add_argument("--build", default="build/release", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=7, help="rounds of each workload (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1, help="of each run (%(default)s)")
    parser.add_argument("--quick", action="store_true",
                        help="three short rounds of coroecho and the raw servers: about four minutes")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), metavar="NAME,...",
                        help="only these")
    parser.add_argument("--servers", default="", metavar="REGEX", help="only those that match")
    parser.add_argument("--output", default="build/bench", metavar="DIRECTORY",
                        help="for results.json, results.md and the plots (%(default)s)")
    parser.add_argument("--again", metavar="RESULTS.JSON", help="report what was measured before")
    chosen = parser.parse_args()
    chosen.workloads = chosen.workloads.split(",")
    for name in chosen.workloads:
        if name not in WORKLOADS:
            parser.error(f"there is no workload '{name}'")
    if chosen.quick:
        chosen.runs, chosen.seconds = 3, 0.5
    return chosen


def chosen_servers(chosen):
    for server in SERVERS:
        if not re.search(chosen.servers, server.name) or chosen.quick and server.name not in CORE:
            continue
        missing = server.missing(chosen.build)
        if missing:
            print(f"left out: {server.name} ({missing})", file=sys.stderr)
        else:
            yield server


def measure(chosen, results):
    servers = list(chosen_servers(chosen))
    runs, failures = results.runs, results.failures
    for name in chosen.workloads:
        workload = WORKLOADS[name]
        able = [server for server in servers if workload.needs(server)
                and (server.name in CORE or not workload.core_only)]
        runs[name] = {server.name: [] for server in able}
        failures[name] = {}
        for round_number in range(min(chosen.runs, workload.most_runs or chosen.runs)):
            progress(f"{workload.title}: round {round_number + 1}")
            # To and fro, so that nobody has the better place.
            for server in able if round_number % 2 == 0 else reversed(able):
                runs[name][server.name].append(
                    run(workload, server, chosen, failures[name]))
    progress("")


def run(workload, server, chosen, failures):
    """The figures of one run, or None. A server that has failed is not tried again."""
    if server.name in failures:
        return None
    try:
        with Running(server, chosen.build) as running, Load(chosen.build, running.port) as load:
            return workload.measure(running, load, chosen.seconds)
    except (RuntimeError, OSError) as failure:
        failures[server.name] = f"failed: {failure}"
        return None


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def about_the_machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'^PRETTY_NAME="?(.*?)"?$', file.read(), re.MULTILINE)
    return {
        "machine": f"{len(cores.CORES)} cores of {model[1] if model else platform.machine()}",
        "kernel": f"Linux {platform.release()}",
        "system": system[1] if system else "",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["./scripts/bench", *sys.argv[1:]]),
        "load average at the start": "{:.1f}".format(os.getloadavg()[0]),
    }


def without_build(command):
    return re.sub(r" --build \S+", "", command)


def main():
    chosen = options()
    if chosen.again:
        with open(chosen.again, encoding="utf-8") as file:
            kept = json.load(file)
        about, results = kept["about"], Results(kept["runs"], kept["failures"])
    else:
        if not cores.enough():
            sys.exit("Two cores are needed, one for the server and one for the load.")
        about, began = about_the_machine(), time.monotonic()
        cores.stay_on_the_load_core()
        results = Results({}, {})
        # Ctrl-C ends it early, with what has been measured.
        with contextlib.suppress(KeyboardInterrupt):
            measure(chosen, results)
        about["command"] = without_build(about["command"])
        about["runs"] = f"{chosen.runs} of {chosen.seconds:g} s, {time.monotonic() - began:.0f} s in all"
    os.makedirs(chosen.output, exist_ok=True)
    with open(os.path.join(chosen.output, "results.json"), "w", encoding="utf-8") as file:
        json.dump({"about": about, "runs": results.runs, "failures": results.failures}, file, indent=1)
    footer = "; ".join(about[key] for key in ("machine", "kernel", "date"))
    drawn = plots.write(results, chosen.output, footer)
    lines = [f"- {key}: {value}" for key, value in about.items()]
    with open(os.path.join(chosen.output, "results.md"), "w", encoding="utf-8") as file:
        file.write(report.markdown(results, lines, drawn))
    print(report.markdown(results, lines, []))
    print(f"In {chosen.output}: results.md, results.json, {', '.join(drawn)}")


if __name__ == "__main__":
    main()
