"""The servers that are compared: how each is started, and when it is ready."""
import contextlib
import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

from cores import on_the_server_core

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = "raw epoll, 64 KiB"
COROECHO = "coroecho"
LOGGING = "coroecho, all events to a file"


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that can be started."""
    name: str
    # The command, in which {build} is the build's directory, {port} and {directory} its own.
    command: tuple
    # It reports that it listens; otherwise we find out by connecting.
    announces: bool = True
    # A process or a select(2) for each connection sets limits.
    most_connections: int = 20000
    # A client that leaves must not be the end of the service.
    survives_clients: bool = True
    streams: bool = True
    framework: bool = False
    events: tuple | None = None  # of coroecho

    def missing(self, build):
        """Why it cannot be started, or None."""
        for word in self.command:
            path = word.format(build=build, port=0, directory="")
            if word.startswith("{build}") and not os.path.exists(path):
                return f"{path} was not built"
        return None if shutil.which(self.command[0].format(build=build)) else "is not installed"


def coroecho(name, events):
    return Server(name, ("{build}/server/coroecho", "--config", "{directory}/coroecho.yaml"),
                  announces=False, events=events)


def built(name, program, *arguments, **more):
    return Server(name, (f"{{build}}/tests/bench/servers/{program}", "{port}", *arguments), **more)


SERVERS = (
    coroecho(COROECHO, ()),
    coroecho(LOGGING, ("connect", "receive", "disconnect")),
    built(BASELINE, "raw_epoll", "65536"),
    built("raw epoll, 256 KiB", "raw_epoll", "262144"),
    built("raw io_uring", "raw_io_uring"),
    built("Asio, callbacks", "asio_callbacks", framework=True),
    built("Asio, spawn", "asio_spawn", framework=True),
    built("Asio, awaitable", "asio_awaitable", framework=True),
    built("thread per connection", "thread_per_connection"),
    built("libuv", "libuv", framework=True),
    # Once as a program that looks at the bytes, once as one that lets the kernel pass them on (splice(2)), which a
    # server that logs them cannot do.
    built("Go", "go_net", "4096", framework=True),
    built("Go, io.Copy", "go_net"),
    built("tokio", "tokio_echo", framework=True),
    Server("Node.js", ("node", f"{HERE}/servers/node.js", "{port}"), framework=True),
    Server("Lua pattern", ("lua5.4", f"{HERE}/servers/lua_pattern.lua", "{port}"),
           most_connections=50, survives_clients=False, streams=False),
    Server("socat", ("socat", "TCP4-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=1024",
                     "PIPE"), announces=False, most_connections=50),
    Server("ncat", ("ncat", "--listen", "--keep-open", "--max-conns", "1000", "--exec", "/bin/cat",
                    "127.0.0.1", "{port}"), announces=False, most_connections=50),
)


class Running:
    """A server that runs on the server's core."""

    def __init__(self, server, build):
        self.directory = tempfile.mkdtemp(prefix="coroecho-bench-")
        self.port = free_port()
        self.output = tempfile.TemporaryFile()
        if server.events is not None:
            self.configure(server.events)
        command = [word.format(build=build, port=self.port, directory=self.directory)
                   for word in server.command]
        with on_the_server_core():
            began = time.monotonic()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                            stdout=self.output, stderr=subprocess.STDOUT)
        self.pid = self.process.pid
        self.wait_until_it_listens(server)
        # With the making of the process.
        self.seconds_to_listening = time.monotonic() - began

    def configure(self, events):
        with open(os.path.join(self.directory, "coroecho.yaml"), "w", encoding="utf-8") as file:
            json.dump({"host": "127.0.0.1", "port": self.port,
                       "limits": {"max_connections": 19000},
                       "log": {"file": os.path.join(self.directory, "log"),
                               "events": list(events)}}, file)

    def wait_until_it_listens(self, server):
        deadline = time.monotonic() + 10
        while not (self.has_said_so() if server.announces else self.accepts()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{server.name} does not listen: {self.said()}")

    def said(self):
        return os.pread(self.output.fileno(), 4096, 0).decode(errors="replace")

    def has_said_so(self):
        return re.search(rf"listening on \S+:{self.port}\b", self.said())

    def accepts(self):
        with socket.socket() as one, contextlib.suppress(ConnectionRefusedError):
            one.connect(("127.0.0.1", self.port))
            return True
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.output.close()
        shutil.rmtree(self.directory)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop()


def free_port():
    """One that nobody uses, below those that clients get."""
    while True:
        port = 10000 + int.from_bytes(os.urandom(2), "big") % 20000
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
