"""The targets of coroecho relative to the other servers, and whether a run reaches them."""
import dataclasses
from collections.abc import Callable

from results import Results
from servers import BASELINE, COROECHO, LOGGING, SERVERS

LARGE = "raw epoll, 256 KiB"
FRAMEWORKS = [server.name for server in SERVERS if server.framework]


@dataclasses.dataclass(frozen=True)
class Target:
    what: str
    bound: float
    value: Callable[[Results], float | None]
    at_most: bool = True
    unit: str = "x"

    def verdict(self, results):
        """(value, "pass", "MISS" or "not measured")"""
        value = self.value(results)
        if value is None:
            return None, "not measured"
        kept = value <= self.bound if self.at_most else value >= self.bound
        return value, "pass" if kept else "MISS"


def ratio(workload, figure, server=COROECHO, to=BASELINE):
    return lambda results: results.ratio(workload, server, figure, to)


def median(workload, figure, scale=1.0):
    def value(results):
        found = results.median(workload, COROECHO, figure)
        return None if found is None else found / scale
    return value


def faster(workload, figure, to):
    return lambda results: results.advantage(workload, COROECHO, figure, to)


def fastest_framework(results):
    """The least advantage over any of those that were measured."""
    found = [faster("stream", "stream_bytes_per_second", name)(results) for name in FRAMEWORKS]
    found = [value for value in found if value]
    return min(found) if found else None


KIB = 1024
TARGETS = (
    Target("ping-pong 50 x 64 B, CPU per echo, of raw epoll", 1.05, ratio("pingpong-50", "cpu_us")),
    Target("ping-pong 1000 x 64 B, CPU per echo, of raw epoll", 1.05,
           ratio("pingpong-1000", "cpu_us")),
    Target("50 x 64 B, all events to a file, CPU per echo, of raw epoll", 1.20,
           ratio("pingpong-50", "cpu_us", LOGGING)),
    Target("1000 x 64 B, all events to a file, CPU per echo, of raw epoll", 1.20,
           ratio("pingpong-1000", "cpu_us", LOGGING)),
    Target("50 x 64 B, all events to a file, CPU per echo, of events off", 1.15,
           ratio("pingpong-50", "cpu_us", LOGGING, COROECHO)),
    Target("stream, of raw epoll with 64 KiB", 1.4,
           faster("stream", "stream_bytes_per_second", BASELINE), at_most=False),
    Target("stream, of raw epoll with 256 KiB", 0.95,
           faster("stream", "stream_bytes_per_second", LARGE), at_most=False),
    Target("stream, of the fastest framework (without splice)", 3.0, fastest_framework, at_most=False),
    Target("pipelined, of raw epoll", 0.95, faster("pipelined", "ping_bytes_per_second", BASELINE),
           at_most=False),
    Target("churn, CPU per connection, of raw epoll", 1.10, ratio("churn", "cpu_us")),
    Target("resident per idle connection, silent", 5.2, median("idle", "silent_bytes", KIB),
           unit=" KiB"),
    Target("resident per idle connection, after one 4 KiB echo", 5.5,
           median("idle", "after_bytes", KIB), unit=" KiB"),
    Target("50 active beside 15,000 idle, of none idle", 0.97, median("beside-idle", "of_alone"),
           at_most=False),
    Target("mixed: p99 of the small pings, of raw epoll", 1.2, ratio("mixed", "p99_us")),
    Target("mixed: all streams together, of raw epoll", 0.9,
           ratio("mixed", "stream_bytes_per_second"), at_most=False),
    Target("start to listening", 20, median("start", "start_ms"), unit=" ms"),
    Target("resident at start", 8, median("start", "resident_bytes", KIB * KIB), unit=" MiB"),
)
