"""TLS: the servers and the workloads. The load is coroecho-client --bench --tls, for the other load has no TLS."""
import contextlib
import itertools
import socket
import ssl

import processes
from load import bench
from servers import ALL_EVENTS, COROECHO, LOGGING, Server, built, coroecho
from workload import Workload, by_client, rates

RAW = "raw epoll and OpenSSL"
IDLE = SILENT = 1000
HANDSHAKE_TIMEOUT = 1  # seconds, so that the silent ones end while the others are measured
CERTIFICATE, KEY = "{directory}/certificate.pem", "{directory}/key.pem"
HAPROXY = """
global
  maxconn 5000
  nbthread 1
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen echo
  bind 127.0.0.1:{port} ssl crt {directory}/both.pem
  server plain 127.0.0.1:{behind}
"""
STUNNEL = """
foreground = yes
pid =
syslog = no
debug = warning
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[echo]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{behind}
cert = {directory}/both.pem
"""


def service(name, events=()):
    """coroecho with TLS on its port, and without on another."""
    return coroecho(name, events, identity=True, settings=lambda running: {
        "port": running.behind,
        "tls": {"port": running.port, "handshake_timeout": f"{HANDSHAKE_TIMEOUT}s",
                "certificate": running.path("certificate.pem"), "key": running.path("key.pem")}})


def before_raw_epoll(name, command, file):
    """A program that ends TLS only, and the plain echo behind it."""
    both = f"'{{build}}/tests/bench/servers/raw_epoll' {{behind}} 65536 & exec {command}"
    return Server(name, ("sh", "-c", both), announces=False, identity=True, file=file, needs=(command.split()[0],))


class Tls(Workload):
    servers = (
        service(COROECHO),
        service(LOGGING, ALL_EVENTS),
        built(RAW, "raw_epoll_tls", "65536", CERTIFICATE, KEY, identity=True),
        before_raw_epoll("HAProxy, raw epoll behind it", "/usr/sbin/haproxy -db -f {directory}/haproxy.cfg", ("haproxy.cfg", HAPROXY)),
        before_raw_epoll("stunnel, raw epoll behind it", "stunnel4 {directory}/stunnel.conf", ("stunnel.conf", STUNNEL)),
        # It has no echo of its own: without -rev, which reverses each line, it prints what comes, and sends what it reads.
        Server("openssl s_server, its output as its input",
               ("sh", "-c", "mkfifo {directory}/loop; exec openssl s_server -accept 127.0.0.1:{port} -quiet "
                f"-cert {CERTIFICATE} -key {KEY} <>{{directory}}/loop >&0"),
               announces=False, identity=True, needs=("openssl",), most_connections=1),
    )
    references = {"raw": RAW}


class Echoes(Tls):
    def __init__(self, connections, size):
        self.connections, self.size = connections, size
        self.title = f"TLS, {connections} x {size} B"

    def needs(self, server):
        return server.most_connections >= self.connections

    def measure(self, running, load, seconds):
        return by_client(running, seconds, "--tls", "--insecure", "--connections", self.connections, "--size", self.size)


class Churn(Tls):
    title = "TLS, churn: connect, handshake, echo 64 B, close, 16 at a time"

    def needs(self, server):
        return server.most_connections > 16

    def measure(self, running, load, seconds):
        before = processes.cpu_seconds(running.pid)
        report = bench(running.build, running.port, seconds, "--tls", "--insecure", "--connections", 16, "--mode", "churn")
        cpu = processes.cpu_seconds(running.pid) - before
        return {"cpu_us": cpu / report["connected"] * 1e6, "utilisation": cpu / seconds, **rates(report)}


class Idle(Tls):
    """User space that a connection keeps, page tables included: silent, and after an echo of 4 KiB."""
    title = f"TLS, {IDLE:,} idle connections"
    most_runs = 3
    references = {}

    def needs(self, server):
        return server.most_connections >= IDLE

    def measure(self, running, load, seconds):
        def resident():
            now = processes.settled_memory(running.pid)
            return now["VmRSS"] + now["VmPTE"]
        with contextlib.ExitStack() as clients:
            for _ in range(10):  # what the first ones alone need, such as the shared buffer
                echo(clients.enter_context(connect(running.port)), 4096)
            before = resident()
            idle = [clients.enter_context(connect(running.port)) for _ in range(IDLE)]
            silent = resident() - before
            for client in idle:
                echo(client, 4096)
            return {"silent_bytes": silent / IDLE, "after_bytes": (resident() - before) / IDLE}


def connect(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30))


def echo(client, size):
    client.sendall(b"x" * size)
    while size > 0:
        size -= len(client.recv(size))


class BesideSilent(Tls):
    """Clients while others connect to the TLS port, send nothing, and are sent away."""
    title = f"50 clients x 64 B beside {SILENT:,} silent ones on the TLS port"
    servers = (service(COROECHO),)
    references = {}
    most_runs = 5

    def __init__(self):
        self.turns = itertools.cycle((False, True))

    def measure(self, running, load, seconds):
        seconds = max(seconds, 1.5 * HANDSHAKE_TIMEOUT)
        found, silent_first = {}, next(self.turns)
        for name, port, arguments in (("plain", running.behind, ()), ("tls", running.port, ("--tls", "--insecure"))):
            p99 = {}
            for silent in (silent_first, not silent_first):
                with silent_clients(running.port) if silent else contextlib.nullcontext():
                    p99[silent] = bench(running.build, port, seconds, *arguments)["latency_ms"]["p99"] * 1000
            found |= {f"{name}_p99_us": p99[False], f"{name}_of_alone": p99[True] / p99[False]}
        return found


@contextlib.contextmanager
def silent_clients(port):
    """Connects without a byte. At the end the service must have closed each of them."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30)) for _ in range(SILENT)]
        yield
        for client in clients:
            if client.recv(1) != b"":
                raise RuntimeError("a silent client received something")


WORKLOADS = {
    "tls-1": Echoes(1, 64),
    "tls-50": Echoes(50, 64),
    "tls-4k": Echoes(50, 4096),
    "tls-churn": Churn(),
    "tls-idle": Idle(),
    "tls-silent": BesideSilent(),
}
