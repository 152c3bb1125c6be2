"""The workloads over TCP."""
import processes
from workload import WARM_UP, Echoes, Group, Workload, figures, timed

IDLE = 15000


class Churn(Workload):
    """Connect, one echo, close."""
    title = "churn: connect, echo 64 B, close, 32 at a time"

    def needs(self, server):
        return server.survives_clients and server.most_connections > 32

    def measure(self, running, load, seconds):
        load.ask(f"churn {WARM_UP} 32", WARM_UP)
        return figures(*timed(running, load, f"churn {seconds} 32", seconds))


class Idle(Workload):
    """Memory of connections that are silent, and of the same after one echo each."""
    title = f"{IDLE:,} idle connections"
    most_runs = 3
    references = {}

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


class BesideIdle(Workload):
    """Active connections alone, then beside idle ones, in the same process."""
    title = f"50 x 64 B beside {IDLE:,} idle"
    core_only = True
    most_runs = 5
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


class Start(Workload):
    """From the making of the process to the first connection; memory then."""
    title = "start"
    references = {}

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
