"""Datagrams of 64 bytes: the servers and the workloads over UDP."""
import contextlib
import socket

from servers import ALL_EVENTS, COROECHO, LOGGING, built, coroecho
from workload import WARM_UP, Workload, figures, timed

RAW = "recvmmsg in C, address and TTL"
GO = "Go, net.ListenUDP"
BESIDE = "coroecho, the flood is answered"
UNREAD = "coroecho, the flood goes to a socket that nobody reads"
FLOODS = (20000, 100000)  # datagrams a second


def service(name, events=(), rate=0, allow=("127.0.0.0/8",)):
    """coroecho that answers UDP on its port, and TCP there too."""
    return coroecho(name, events, lambda running: {"udp": {"port": running.port, "rate": rate, "allow": list(allow)}})


class Datagrams(Workload):
    """There and back, some under way on each socket. A lost or changed one ends the run."""
    servers = (
        service(COROECHO),
        # A rate that nobody reaches costs as much as one that somebody does.
        service("coroecho, with a rate", rate=1000000),
        service(LOGGING, ALL_EVENTS),
        built(RAW, "raw_udp", "wildcard"),
        built("recvmmsg in C, bare", "raw_udp"),
        built(GO, "go_udp"),
    )
    references = {"raw": RAW, "Go": GO}

    def __init__(self, sockets, under_way):
        self.title = f"UDP, {sockets} x 64 B, {under_way} under way on each"
        self.plan = f"{sockets} 64 {under_way}"

    def measure(self, running, load, seconds):
        load.ask(f"datagrams {WARM_UP} {self.plan}", WARM_UP)
        return figures(*timed(running, load, f"datagrams {seconds} {self.plan}", seconds))


class BesideFlood(Workload):
    """TCP connections beside datagrams that are answered, refused, or that nobody reads, which is the flood's own price."""
    title = "50 TCP connections x 64 B beside a flood of datagrams of 64 B"
    servers = (service(BESIDE), service("coroecho, the flood is refused", allow=()), service(UNREAD))
    references = {}

    def measure(self, running, load, seconds):
        with unread() as sink:
            port = sink if running.server.name == UNREAD else running.port
            load.ask("open ping 50")
            load.ask(f"run {WARM_UP} ping:64:1", WARM_UP)

            def p99(flood=""):
                return load.ask(f"run {seconds} ping:64:1{flood}", seconds)["ping"]["p99_us"]
            alone = p99()
            return {"p99_us": alone, **{f"of_alone_{rate}": p99(f" flood:{port}:{rate}") / alone for rate in FLOODS}}


@contextlib.contextmanager
def unread():
    """The port of a socket that is never read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        yield sink.getsockname()[1]


WORKLOADS = {
    "udp-1": Datagrams(1, 1),
    "udp-50": Datagrams(50, 1),
    "udp-batches": Datagrams(4, 32),
    "udp-flood": BesideFlood(),
}
