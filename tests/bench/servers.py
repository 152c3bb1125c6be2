"""The servers that are compared: how each is started, and when it is ready."""
import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable

from cores import on_the_server_core
from cost.service import make_identity

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = "raw epoll, 64 KiB"
COROECHO = "coroecho"
LOGGING = "coroecho, all events to a file"
ALL_EVENTS = ("connect", "receive", "disconnect")


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that can be started."""
    name: str
    # The command, in which {build} is the build's directory, {port} and {directory} its own, {behind} another free port.
    command: tuple
    # It reports that it listens; otherwise we find out by connecting.
    announces: bool = True
    # A process or a select(2) for each connection sets limits.
    most_connections: int = 20000
    # A client that leaves must not be the end of the service.
    survives_clients: bool = True
    # Takes messages of 4 KiB, and several of them under way.
    streams: bool = True
    framework: bool = False
    # Known to be far off, a special case, or as another one: three rounds are enough.
    aside: bool = False
    events: tuple | None = None  # of coroecho
    settings: Callable | None = None  # more of coroecho's configuration, for a Running
    identity: bool = False  # wants certificate.pem, key.pem, and both.pem in its directory
    file: tuple | None = None  # the name and the text of a file there
    needs: tuple = ()  # programs, besides the first of the command

    @property
    def core(self):
        return not self.framework and not self.aside

    def missing(self, build):
        """Why it cannot be started, or None."""
        for word in re.findall(r"\{build\}[^ ']*", " ".join(self.command)):
            path = word.format(build=build)
            if not os.path.exists(path):
                return f"{path} was not built"
        for program in (self.command[0].format(build=build), *self.needs):
            if not shutil.which(program):
                return f"{program} is not installed"
        return None


def coroecho(name=COROECHO, events=(), settings=None, **more):
    return Server(name, ("{build}/server/coroecho", "--config", "{directory}/coroecho.yaml"),
                  announces=False, events=events, settings=settings, **more)


def built(name, program, *arguments, **more):
    return Server(name, (f"{{build}}/tests/bench/servers/{program}", "{port}", *arguments), **more)


SERVERS = (
    coroecho(),
    coroecho(LOGGING, ALL_EVENTS),
    built(BASELINE, "raw_epoll", "65536"),
    built("raw epoll, 256 KiB", "raw_epoll", "262144"),
    built("raw io_uring", "raw_io_uring"),
    built("Asio, callbacks", "asio_callbacks", framework=True),
    built("Asio, spawn", "asio_spawn", framework=True),
    built("Asio, awaitable", "asio_awaitable", framework=True, aside=True),
    built("thread per connection", "thread_per_connection", aside=True),
    built("libuv", "libuv", framework=True),
    # Once as a program that looks at the bytes, once as one that lets the kernel pass them on (splice(2)), which a
    # server that logs them cannot do.
    built("Go", "go_net", "4096", framework=True),
    # Three descriptors a connection, of 20,000.
    built("Go, io.Copy", "go_net", most_connections=5000, aside=True),
    built("tokio", "tokio_echo", framework=True),
    Server("Node.js", ("node", f"{HERE}/servers/node.js", "{port}"), framework=True, aside=True),
    Server("Lua pattern", ("lua5.4", f"{HERE}/servers/lua_pattern.lua", "{port}"),
           most_connections=50, survives_clients=False, streams=False, aside=True),
    Server("socat", ("socat", "TCP4-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=1024",
                     "PIPE"), announces=False, most_connections=50, aside=True),
    Server("ncat", ("ncat", "--listen", "--keep-open", "--max-conns", "1000", "--exec", "/bin/cat",
                    "127.0.0.1", "{port}"), announces=False, most_connections=50, streams=False, aside=True),
)


class Running:
    """A server that runs on the server's core, and all that belongs to it."""

    def __init__(self, server, build):
        self.server, self.build = server, build
        self.directory = tempfile.mkdtemp(prefix="coroecho-bench-")
        self.port, self.behind = free_port(), free_port()
        self.output = tempfile.TemporaryFile()
        self.prepare()
        with on_the_server_core():
            began = time.monotonic()
            # A group of its own, which ends as a whole.
            self.process = subprocess.Popen([self.filled(word) for word in server.command], stdin=subprocess.DEVNULL,
                                            stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self.process.pid
        try:
            self.wait_until_it_listens(server)
        except BaseException:
            self.stop()
            raise
        # With the making of the process.
        self.seconds_to_listening = time.monotonic() - began

    def filled(self, text):
        return text.format(build=self.build, port=self.port, directory=self.directory, behind=self.behind)

    def path(self, name):
        return os.path.join(self.directory, name)

    def prepare(self):
        if self.server.identity:
            identity = make_identity(self.directory)
            with open(self.path("both.pem"), "wb") as both:
                for name in identity.values():
                    with open(name, "rb") as file:
                        both.write(file.read())
        if self.server.file:
            name, text = self.server.file
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(self.filled(text))
        if self.server.events is not None:
            with open(self.path("coroecho.yaml"), "w", encoding="utf-8") as file:
                json.dump(self.configuration(), file)

    def configuration(self):
        more = self.server.settings(self) if self.server.settings else {}
        return {"host": "127.0.0.1", "port": self.port, "limits": {"max_connections": 19000},
                "log": {"file": self.path("log"), "events": list(self.server.events)}, **more}

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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
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
