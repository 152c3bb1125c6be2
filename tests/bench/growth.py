"""How the cost grows with the connections, with the log, and with a second instance on the same port."""
import processes
from servers import ALL_EVENTS, COROECHO, LOGGING, SERVERS, Server
from workload import Echoes, Group, Workload

CONNECTIONS = (10, 100, 1000, 10000)
RAW = next(server for server in SERVERS if server.name == Workload.references["raw epoll"])
FIRST = 10  # connections that pay for what all share, such as buffers


def two(name, events=()):
    """Two processes on the server's core; the kernel spreads the connections over them."""
    one = "'{build}/server/coroecho' --config {directory}/coroecho.yaml"
    return Server(name, ("sh", "-c", f"{one} & exec {one}"), announces=False, events=events,
                  settings=lambda running: {"reuse_port": True})


class Growth(Workload):
    """Of the same connections: processor time to accept one and for an echo, and memory."""
    most_runs = 5
    servers = (*(server for server in SERVERS if server.name in (COROECHO, LOGGING)),
               two("coroecho, two instances"), two("coroecho, two instances, all events to a file", ALL_EVENTS), RAW)

    def __init__(self, connections):
        self.connections = connections
        self.title = f"growth: {connections:,} connections x 64 B"

    def measure(self, running, load, seconds):
        processes.settled_memory(running.pid)  # both instances listen
        load.ask(f"open first {FIRST}")
        load.ask("once first 64")
        memory = processes.settled_memory(running.pid)
        cpu = processes.cpu_seconds(running.pid)
        load.ask(f"open ping {self.connections}")
        opened = processes.settled_memory(running.pid)  # all are accepted
        accepting = processes.cpu_seconds(running.pid) - cpu
        return {**Echoes("", Group("ping", self.connections, 64)).run(running, load, seconds),
                "accept_us": accepting / self.connections * 1e6,
                "memory_bytes": (opened["VmRSS"] - memory["VmRSS"]) / self.connections}


WORKLOADS = {f"growth-{connections}": Growth(connections) for connections in CONNECTIONS}
