"""The workloads: what the clients do, and which figures are taken."""
import dataclasses
import time

import processes

WARM_UP = 0.25  # seconds
IDLE = 15000


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


def figures(answer, cpu, utilisation, seconds):
    """Those of all groups together; latencies of the first."""
    first = next(iter(answer.values()))
    messages = sum(group["messages"] for group in answer.values())
    if messages == 0:
        raise RuntimeError("nothing came back")
    return {
        "cpu_us": cpu / messages * 1e6,
        "cpu_ns_per_byte": cpu / sum(group["bytes"] for group in answer.values()) * 1e9,
        "per_second": messages / seconds,
        "utilisation": utilisation,
        **{key: first[key] for key in ("p50_us", "p99_us", "p99_9_us")},
        **{f"{name}_bytes_per_second": group["bytes_per_second"] for name, group in answer.items()},
    }


class Echoes:
    """Messages there and back over connections that stay."""
    most_runs = None
    core_only = False

    def __init__(self, title, *groups):
        self.title, self.groups = title, groups

    @property
    def connections(self):
        return sum(group.connections for group in self.groups)

    def needs(self, server):
        return server.most_connections >= self.connections and (
            server.streams or not any(group.bulk for group in self.groups))

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
        return figures(*timed(running, load, command(seconds, False), seconds), seconds)


class Churn:
    """Connect, one echo, close."""
    title = "churn: connect, echo 64 B, close, 32 at a time"
    most_runs = None
    core_only = False

    def needs(self, server):
        return server.survives_clients and server.most_connections > 32

    def measure(self, running, load, seconds):
        load.ask(f"churn {WARM_UP} 32", WARM_UP)
        return figures(*timed(running, load, f"churn {seconds} 32", seconds), seconds)


class Idle:
    """Memory of connections that are silent, and of the same after one echo each."""
    title = f"{IDLE:,} idle connections"
    most_runs = 3
    core_only = False

    def needs(self, server):
        return server.most_connections >= IDLE

    def measure(self, running, load, seconds):
        at_start = processes.settled_memory(running.pid)
        load.ask(f"open idle {IDLE}")
        silent = processes.settled_memory(running.pid)
        load.ask("once idle 4096")
        after = processes.settled_memory(running.pid)

        def each(now, key):
            return (now[key] - at_start[key]) / IDLE
        return {"silent_bytes": each(silent, "VmRSS"), "after_bytes": each(after, "VmRSS"),
                "silent_own_bytes": each(silent, "RssAnon"), "after_own_bytes": each(after, "RssAnon"),
                "after_page_table_bytes": each(after, "VmPTE")}


class BesideIdle:
    """Active connections alone, then beside idle ones, in the same process."""
    title = f"50 x 64 B beside {IDLE:,} idle"
    most_runs = None
    core_only = True
    active = Echoes("", Group("ping", 50, 64))

    def needs(self, server):
        return server.most_connections >= IDLE

    def measure(self, running, load, seconds):
        alone = self.active.measure(running, load, seconds)
        load.ask(f"open idle {IDLE}")
        load.ask("once idle 64")
        beside = self.active.run(running, load, seconds)
        return {**beside, "of_alone": beside["per_second"] / alone["per_second"],
                "cpu_of_alone": beside["cpu_us"] / alone["cpu_us"]}


class Start:
    """From the making of the process to the first connection; memory then."""
    title = "start"
    most_runs = None
    core_only = False

    def needs(self, server):
        return True

    def measure(self, running, load, seconds):
        return {"start_ms": running.seconds_to_listening * 1e3,
                "resident_bytes": processes.settled_memory(running.pid)["VmRSS"]}


WORKLOADS = {
    "pingpong-1": Echoes("ping-pong, 1 x 64 B", Group("ping", 1, 64)),
    "pingpong-50": Echoes("ping-pong, 50 x 64 B", Group("ping", 50, 64)),
    "pingpong-1000": Echoes("ping-pong, 1000 x 64 B", Group("ping", 1000, 64)),
    "pingpong-4k": Echoes("ping-pong, 50 x 4 KiB", Group("ping", 50, 4096)),
    "stream": Echoes("stream, 4 x 64 KiB", Group("stream", 4, 65536, 4, bulk=True)),
    "pipelined": Echoes("pipelined, 10 x 100 x 64 B", Group("ping", 10, 64, 100)),
    "churn": Churn(),
    "mixed": Echoes("mixed: 50 x 64 B beside 4 streams of 64 KiB", Group("ping", 50, 64),
                    Group("stream", 4, 65536, 4, bulk=True)),
    "idle": Idle(),
    "beside-idle": BesideIdle(),
    "start": Start(),
}
