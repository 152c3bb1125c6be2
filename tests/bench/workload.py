"""Parts of which the workloads are made."""
import dataclasses
import time

import processes
from load import bench
from servers import BASELINE, SERVERS

WARM_UP = 0.2  # seconds
SHORT = 0.1  # of the client's run that is subtracted


@dataclasses.dataclass(frozen=True)
class Group:
    """Connections that do the same."""
    name: str
    connections: int
    size: int
    pipeline: int = 1
    # Bulk is verified while it warms up, then only counted: to compare it costs the load more than
    # the server has to do.
    bulk: bool = False

    def plan(self, warm_up):
        return f"{self.name}:{self.size}:{self.pipeline}" + \
            (":unverified" if self.bulk and not warm_up else "")


def timed(running, load, command, seconds):
    """The load's answer, and the server's time on its processor meanwhile."""
    cpu, began = processes.cpu_seconds(running.pid), time.monotonic()
    answer = load.ask(command, seconds)
    cpu = processes.cpu_seconds(running.pid) - cpu
    return answer, cpu, cpu / (time.monotonic() - began)


def figures(answer, cpu, utilisation):
    """Those of all groups together; latencies of the first."""
    first = next(iter(answer.values()))
    messages = sum(group["messages"] for group in answer.values())
    if messages == 0:
        raise RuntimeError("nothing came back")
    return {
        "cpu_us": cpu / messages * 1e6,
        "cpu_ns_per_byte": cpu / sum(group["bytes"] for group in answer.values()) * 1e9,
        # Without those that were under way at the end.
        "per_second": sum(group["bytes_per_second"] * group["messages"] / group["bytes"] for group in answer.values()),
        "utilisation": utilisation,
        **{key: first[key] for key in ("p50_us", "p99_us", "p99_9_us")},
        **{f"{name}_bytes_per_second": group["bytes_per_second"] for name, group in answer.items()},
    }


def by_client(running, seconds, *arguments):
    """The same of coroecho-client --bench. A short run is subtracted from a long one, so that an echo has no share of
    connecting, of handshakes and of closing."""
    cpu, reports = [], []
    for length in (SHORT, SHORT + seconds):
        before = processes.cpu_seconds(running.pid)
        reports.append(bench(running.build, running.port, length, *arguments))
        cpu.append(processes.cpu_seconds(running.pid) - before)
    echoes = reports[1]["echoes"] - reports[0]["echoes"]
    if echoes <= 0:
        raise RuntimeError("the machine is too busy for so short a run")
    return {"cpu_us": (cpu[1] - cpu[0]) / echoes * 1e6, "utilisation": (cpu[1] - cpu[0]) / seconds, **rates(reports[1])}


def rates(report):
    return {"per_second": report["echoes_per_second"],
            **{f"{name.replace('.', '_')}_us": report["latency_ms"][name] * 1000 for name in ("p50", "p99", "p99.9")}}


class Workload:
    """The work for a server, the servers that are compared, and to which of them each is set in relation."""
    title = ""
    servers = SERVERS
    references = {"raw epoll": BASELINE}  # the first one is the baseline
    most_runs = None
    core_only = False

    @property
    def baseline(self):
        return next(iter(self.references.values()), None)

    def needs(self, server):
        return True

    def measure(self, running, load, seconds):
        """The figures of one run."""
        raise NotImplementedError


class Echoes(Workload):
    """Messages there and back over connections that stay."""

    def __init__(self, title, *groups):
        self.title, self.groups = title, groups

    @property
    def connections(self):
        return sum(group.connections for group in self.groups)

    def needs(self, server):
        return server.most_connections >= self.connections and (
            server.streams or all(group.size < 4096 for group in self.groups))

    def measure(self, running, load, seconds):
        self.open(load)
        return self.run(running, load, seconds)

    def open(self, load):
        for group in self.groups:
            load.ask(f"open {group.name} {group.connections}")

    def run(self, running, load, seconds):
        def command(length, warm_up):
            return f"run {length} " + " ".join(group.plan(warm_up) for group in self.groups)
        load.ask(command(WARM_UP, True), WARM_UP)
        if any(group.bulk for group in self.groups):
            load.ask(command(WARM_UP, False), WARM_UP)
        return figures(*timed(running, load, command(seconds, False), seconds))
