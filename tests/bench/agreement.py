"""Whether coroecho-client --bench finds what the suite's own load finds, at the same server."""
import itertools

from servers import BASELINE, COROECHO, SERVERS
from workload import Echoes, Group, Workload, by_client


class Agreement(Workload):
    """The two in turn, the client's figures in relation to the load's."""
    servers = tuple(server for server in SERVERS if server.name in (COROECHO, BASELINE))
    references = {}

    def __init__(self, title, group, *arguments):
        self.title = f"coroecho-client --bench beside the suite's load: {title}"
        self.echoes = Echoes("", group)
        self.arguments = ("--connections", group.connections, "--size", group.size, "--pipeline", group.pipeline, *arguments)
        self.turns = itertools.cycle((False, False, True, True))

    def measure(self, running, load, seconds):
        turns = {"load": lambda: self.echoes.measure(running, load, seconds),
                 "client": lambda: by_client(running, seconds, *self.arguments)}
        names = sorted(turns, reverse=next(self.turns))
        found = {name: turns[name]() for name in names}
        return {**{f"{figure}_{name}": found[name][figure] for name in found for figure in ("cpu_us", "per_second", "utilisation")},
                **{f"{figure}_of_load": found["client"][figure] / found["load"][figure]
                   for figure in ("cpu_us", "per_second", "p50_us", "p99_us")}}


WORKLOADS = {
    "agreement-50": Agreement("50 x 64 B", Group("ping", 50, 64)),
    "agreement-1000": Agreement("1000 x 64 B", Group("ping", 1000, 64)),
    "agreement-pipelined": Agreement("10 x 100 x 64 B", Group("ping", 10, 64, 100)),
    "agreement-stream": Agreement("4 x 64 KiB", Group("stream", 4, 65536, 4, bulk=True), "--mode", "stream"),
}
