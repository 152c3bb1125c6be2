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
import quotes
import report
from load import Load
from results import Results
from servers import SERVERS, Running
from workloads import WORKLOADS, named

ROUNDS_ASIDE = 3  # of servers that are known to be far off


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Workloads: {', '.join(WORKLOADS)}. "
               f"Servers: {'; '.join(server.name for server in SERVERS)}.")
    parser.add_argument("--build", default="build/release", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, help="rounds of each workload (7)")
    parser.add_argument("--seconds", type=float, help="of each run (0.5)")
    parser.add_argument("--quick", action="store_true",
                        help="one round of 0.1 s of coroecho and its references, to see that everything runs: a minute")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), metavar="NAME,...",
                        help="only these; udp is all that begin with udp-")
    parser.add_argument("--servers", default="", metavar="REGEX", help="only those that match")
    parser.add_argument("--output", default="build/bench", metavar="DIRECTORY",
                        help="for results.json, results.md and the plots (%(default)s)")
    parser.add_argument("--quote", action="append", default=[], metavar="FILE",
                        help="a document that gets the tables, between <!-- TITLE --> and <!-- end -->")
    parser.add_argument("--again", metavar="RESULTS.JSON", help="report what was measured before")
    chosen = parser.parse_args()
    try:
        chosen.workloads = named(chosen.workloads.split(","))
    except ValueError as error:
        parser.error(str(error))
    chosen.runs = chosen.runs or (1 if chosen.quick else 7)
    chosen.seconds = chosen.seconds or (0.1 if chosen.quick else 0.5)
    return chosen


def chosen_servers(chosen, workload, left_out):
    for server in workload.servers:
        if not re.search(chosen.servers, server.name) or not workload.needs(server):
            continue
        if (chosen.quick or workload.core_only) and not server.core:
            continue
        missing = server.missing(chosen.build)
        if not missing:
            yield server
        elif server.name not in left_out:
            left_out.add(server.name)
            print(f"left out: {server.name} ({missing})", file=sys.stderr)


def measure(chosen, results):
    runs, failures, left_out = results.runs, results.failures, set()
    for name in chosen.workloads:
        workload = WORKLOADS[name]
        able = list(chosen_servers(chosen, workload, left_out))
        runs[name] = {server.name: [] for server in able}
        failures[name] = {}
        for number in range(min(chosen.runs, workload.most_runs or chosen.runs)):
            progress(f"{workload.title}: round {number + 1}")
            turn = [server for server in able if number < ROUNDS_ASIDE or not server.aside]
            # To and fro, so that nobody has the better place.
            for server in turn if number % 2 == 0 else reversed(turn):
                runs[name][server.name].append(run(workload, server, chosen, failures[name]))
    progress("")


def run(workload, server, chosen, failures):
    """The figures of one run, or None. A server that has failed is not tried again, unless the others are compared with it."""
    if server.name in failures and not server.core:
        return None
    try:
        with Running(server, chosen.build) as running, Load(chosen.build, running.port) as load:
            return workload.measure(running, load, chosen.seconds)
    except (RuntimeError, OSError, ZeroDivisionError) as failure:
        failures[server.name] = f"failed: {failure}"
        return None


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def about_the_machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        processor = dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$", file.read(), re.MULTILINE))
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'^PRETTY_NAME="?(.*?)"?$', file.read(), re.MULTILINE)
    return {
        "machine": f"{len(cores.CORES)} cores of {make(processor)}",
        "kernel": f"Linux {platform.release()}",
        "system": system[1] if system else "",
        "congestion control": congestion_control(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["./scripts/bench", *sys.argv[1:]]),
        "load average at the start": "{:.1f}".format(os.getloadavg()[0]),
    }


def congestion_control():
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        return file.read().strip()


def make(processor):
    """The processor's name, its maker, and whether the machine is virtual."""
    if "model name" not in processor:
        return platform.machine()
    virtual = " virtual" if "hypervisor" in processor.get("flags", "") else ""
    return (f"a{virtual} {processor['model name']} ({processor.get('vendor_id')}, family {processor.get('cpu family')}, "
            f"model {processor.get('model')})")


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
        if about["congestion control"] != "cubic":
            print(f"Streams need cubic: {about['congestion control']} paces them by what it estimates.", file=sys.stderr)
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
    for document in chosen.quote:
        quotes.put(document, report.quotes(results, about))
    print(report.markdown(results, lines, []))
    print(f"In {chosen.output}: results.md, results.json, {', '.join(drawn)}")


if __name__ == "__main__":
    main()
