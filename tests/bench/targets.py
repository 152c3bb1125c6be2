"""The targets of coroecho relative to the other servers, and whether a run reaches them."""
import dataclasses
from collections.abc import Callable

import datagrams
import encryption
from results import Results
from servers import COROECHO, LOGGING, SERVERS

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


def ratio(workload, figure, server=COROECHO, to=None):
    return lambda results: results.ratio(workload, server, figure, to)


def median(workload, figure, scale=1.0, server=COROECHO):
    def value(results):
        found = results.median(workload, server, figure)
        return None if found is None else found / scale
    return value


def fastest_framework(results):
    """The least advantage over any of those that were measured."""
    found = [results.ratio("stream", COROECHO, "stream_bytes_per_second", name) for name in FRAMEWORKS]
    found = [value for value in found if value]
    return min(found) if found else None


KIB = 1024
TARGETS = (
    Target("50 x 64 B, CPU of an echo, of raw epoll", 1.0, ratio("pingpong-50", "cpu_us")),
    Target("1000 x 64 B, CPU of an echo, of raw epoll", 1.03, ratio("pingpong-1000", "cpu_us")),
    Target("50 x 64 B, all events to a file, of raw epoll", 1.1, ratio("pingpong-50", "cpu_us", LOGGING)),
    Target("1000 x 64 B, all events to a file, of raw epoll", 1.1, ratio("pingpong-1000", "cpu_us", LOGGING)),
    Target("50 x 4 KiB, CPU of an echo, of raw epoll", 1.05, ratio("pingpong-4k", "cpu_us")),
    Target("pipelined, of raw epoll", 0.97, ratio("pipelined", "per_second"), at_most=False),
    Target("churn, CPU of a connection, of raw epoll", 1.05, ratio("churn", "cpu_us")),
    Target("churn, all events to a file, of raw epoll", 1.12, ratio("churn", "cpu_us", LOGGING)),
    Target("mixed: p99 of the small pings, of raw epoll", 1.1, ratio("mixed", "p99_us")),
    Target("mixed: all streams together, of raw epoll", 0.95, ratio("mixed", "stream_bytes_per_second"), at_most=False),
    Target("stream, of raw epoll with 64 KiB", 2.0, ratio("stream", "stream_bytes_per_second"), at_most=False),
    Target("stream, of raw epoll with 256 KiB", 1.0, ratio("stream", "stream_bytes_per_second", to=LARGE), at_most=False),
    Target("stream, of the fastest framework (without splice)", 3.0, fastest_framework, at_most=False),
    Target("resident per idle connection, silent", 4.4, median("idle", "silent_bytes", KIB), unit=" KiB"),
    Target("resident per idle connection, after one 4 KiB echo", 4.4, median("idle", "after_bytes", KIB), unit=" KiB"),
    Target("50 active beside 15,000 idle, of none idle", 0.97, median("beside-idle", "of_alone"), at_most=False),
    Target("start to listening", 20, median("start", "start_ms"), unit=" ms"),
    Target("resident at start", 8, median("start", "resident_bytes", KIB * KIB), unit=" MiB"),
    Target("a datagram's CPU alone, of raw", 1.05, ratio("udp-1", "cpu_us")),
    Target("a datagram's CPU among 50, of raw", 1.05, ratio("udp-50", "cpu_us")),
    Target("a datagram's CPU in batches, of raw", 1.05, ratio("udp-batches", "cpu_us")),
    Target("a datagram's CPU alone, of Go", 0.5, ratio("udp-1", "cpu_us", to=datagrams.GO)),
    Target("a datagram's CPU among 50, of Go", 0.5, ratio("udp-50", "cpu_us", to=datagrams.GO)),
    Target("a datagram's CPU in batches, of Go", 0.5, ratio("udp-batches", "cpu_us", to=datagrams.GO)),
    *(Target(f"50 clients' p99 beside {rate:,} datagrams a second, of that without", 1.5,
             median("udp-flood", f"of_alone_{rate}", server=datagrams.BESIDE)) for rate in datagrams.FLOODS),
    Target("TLS, CPU of an echo among 50, of raw", 1.1, ratio("tls-50", "cpu_us")),
    Target("resident per idle TLS connection, silent", 21, median("tls-idle", "silent_bytes", KIB), unit=" KiB"),
    Target("resident per idle TLS connection, after one 4 KiB echo", 21, median("tls-idle", "after_bytes", KIB), unit=" KiB"),
    *(Target(f"p99 of 50 {name} clients beside {encryption.SILENT:,} silent ones, of alone", 2, median("tls-silent", figure))
      for name, figure in (("plain", "plain_of_alone"), ("TLS", "tls_of_alone"))),
)
