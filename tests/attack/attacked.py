"""The service that is attacked: every door open, small limits, and configurations that are right, wrong or changed at random."""
import asyncio
import contextlib
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import payloads
from service import Service

KEPT_LOGS = 3
# AddressSanitizer does not know the stacks of coroutines, and the search for leaks does not work under strace.
HARMLESS_REPORTS = re.compile(r"WARNING: ASan is ignoring requested __asan_handle_no_return(?!(.|\n)*ERROR)"
                              r"|LeakSanitizer (has encountered a fatal error|does not work under ptrace)")
# A client that comes so soon after a fault may still suffer from that.
AFTERMATH = 5  # seconds


class Unfit(Exception):
    """The service neither serves nor rests as it should."""


class Excuses:
    """The times in which a client may be disappointed, though never deceived."""

    def __init__(self):
        self.now = 0
        self.last = -AFTERMATH

    @contextlib.contextmanager
    def given(self):
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1
            self.last = time.monotonic() + AFTERMATH

    def since(self, began):
        return self.now > 0 or self.last > began


class Attacked(Service):
    """Its directory is the working directory too, so that no configuration leads out of that."""

    def __init__(self, program, directory, proxied, random):
        os.makedirs(os.path.join(directory, "full"), exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", os.path.join(directory, "full")], check=True)
        report = os.path.join(directory, "report")
        leaks = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "library_leaks.txt")
        # A small quarantine, so that memory is flat soon.
        environment = os.environ | {"ASAN_OPTIONS": f"log_path={report}:quarantine_size_mb=4",
                                    "LSAN_OPTIONS": f"suppressions={leaks}:print_suppressions=0",
                                    "UBSAN_OPTIONS": f"log_path={report}:print_stacktrace=1"}
        self.executable = os.path.abspath(program)
        self.errors = os.path.join(directory, "errors")
        super().__init__("./coroecho", directory, cwd=directory, env=environment, stdout=subprocess.DEVNULL,
                         stderr=open(self.errors, "ab"))
        self.proxied = proxied
        self.random = random
        self.excuses = Excuses()
        self.marker = 0
        self.totals = {}  # of the processes before this one
        self.port, self.tls_port, self.admin_port = (base + proxied for base in (7007, 7443, 7900))
        self.make_certificate("other-")
        with open(self.file("authorities.pem"), "w", encoding="ascii") as both:
            for name in ("", "other-"):
                with open(self.file(f"{name}certificate.pem"), encoding="ascii") as one:
                    both.write(one.read())
        self.taken = socket.create_server(("127.0.0.1", 7800 + proxied))  # of somebody else
        self.use_program(self.executable)

    def use_program(self, path):
        """At the next upgrade, or start."""
        os.symlink(path, self.file("next"))
        os.replace(self.file("next"), self.file("coroecho"))

    def write(self, text):
        """At once, since a reload that another act has asked for may read it at any time."""
        with open(self.file("next-config"), "wb") as file:
            file.write(text if isinstance(text, bytes) else json.dumps(text, indent=1).encode())
        os.replace(self.file("next-config"), self.file("config"))

    def good(self):
        """A configuration with every door, and a number by which it is known when it is in force."""
        random = self.random
        self.marker = random.choice([number for number in range(50, 100) if number != self.marker])
        pair = random.choice(("", "other-"))
        return {
            "host": ["127.0.0.1", "::1", *random.sample(["127.0.0.2", "127.0.0.3", "echo.test"], random.randrange(3))],
            "port": self.port,
            "unix": {"path": "echo.sock", "mode": random.choice(("0666", "0600"))},
            "proxy_protocol": "any" if self.proxied else "off",
            "trusted_proxies": ["127.0.0.0/8", "::1/128", "fd00::/16"],
            "udp": {"port": self.port, "rate": random.choice((0, 20, 1000)), "allow": ["127.0.0.0/8", "::1/128"]},
            "access": {"deny": random.choice(([], ["127.66.0.0/16", "2001:db8::/33", "203.0.112.0/24"]))},
            "tls": {"port": self.tls_port, "certificate": f"{pair}certificate.pem", "key": f"{pair}key.pem",
                    "client_ca": random.choice(("", "", "", "certificate.pem")), "min_version": random.choice(("1.2", "1.3")),
                    "handshake_timeout": "3s"},
            "limits": {"max_connections": self.marker, "max_connections_per_ip": random.choice((0, 8)),
                       "ipv6_prefix": random.choice((48, 64, 128)), "accept_rate": random.choice((0, 0, 200)),
                       "idle_timeout": random.choice((0, "4s")), "write_timeout": "5s"},
            "tcp": {"nodelay": random.random() < 0.8, "keepalive": random.choice((0, "1s"))},
            "shutdown": {"timeout": "5s", "delay": random.choice((0, 0, "1s"))},
            "log": {"file": "log", "format": random.choice(("text", "json")), "level": random.choice(("info", "info", "debug")),
                    "events": ["connect", "receive", "disconnect"][:random.choice((3, 3, 1))],
                    "payload": random.choice((0, 64, 4096)), "probes": random.random() < 0.5},
            "admin": {"port": self.admin_port},
        }

    def faulty(self):
        """One that makes the service misbehave on purpose."""
        random = self.random
        faults = {"delay": "1ms..100ms", "rate": random.randrange(1, 10 ** 6), "close_after": random.choice(("64KiB", "1s")),
                  "reset_probability": random.random(), "loss": random.random(), "duplicate": random.random(),
                  "reorder": random.random()}
        return self.good() | {"faults": {key: faults[key] for key in random.sample(list(faults), random.randrange(1, 7))}}

    def bad(self):
        """One that must be refused."""
        config = self.good()
        for key, value in self.random.choice((
                {"limits": {"max_connection": 1}}, {"host": "192.0.2.1"}, {"host": "nobody.test"}, {"log": {"file": "full"}},
                {"tls": config["tls"] | {"key": "key.pem", "certificate": "other-certificate.pem"}},
                {"tls": config["tls"] | {"certificate": "missing.pem"}}, {"tls": config["tls"] | {"key": "log"}},
                {"admin": {"port": self.taken.getsockname()[1]}}, {"log": {"file": "missing/log"}},
                {"port": self.taken.getsockname()[1]}, {"unix": {"path": "config"}}, {"limits": {"idle_timeout": -1}},
                {"access": {"deny": ["127.0.0.1/33"]}}, {"faults": {"loss": 2}}, {"host": "x" * 300})).items():
            config[key] = value
        return self.random.choice((config, config, config, b"\0" + self.random.randbytes(100), b"limits: &a [*a]\n",
                                   b"#" * 2 ** 21, b"port: 1\nport: 2\n"))

    def changed(self):
        """A good one with a few bytes that are not; whether it still is one, chance decides."""
        return payloads.mutated(self.random, json.dumps(self.good(), indent=1).encode(), avoid=b"/~")

    def in_force(self):
        """The good configuration that was written last."""
        return lambda status: status["limits"]["max_connections"] == self.marker and status["ready"]

    async def until(self, satisfied, seconds=60):
        """Whether that becomes true of the status; an endpoint that does not answer is asked again. None: it has ended.

        On a machine that is busy with other things the seconds are longer, for this process as for the service.
        """
        for _ in range(int(seconds * 5)):
            if self.process.poll() is not None:
                return None
            status = await self.status_or_none()
            if status and satisfied(status):
                return True
            await asyncio.sleep(0.2)
        return False

    def wait_until(self, satisfied):
        """The same for threads; an exception if it does not become true."""
        for _ in range(600):
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                if satisfied(self.status()):
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise Unfit(f"it does not become what it should be, exit code {self.process.poll()}")

    async def status_or_none(self):
        try:
            return await asyncio.to_thread(self.status)
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def note_totals(self, status):
        """Adds up the counts of a process that is about to end."""
        for key, value in counts(status).items():
            self.totals[key] = self.totals.get(key, 0) + value

    def new_log(self):
        """Renames the log, keeps a few old ones, and returns the lines that could have been forged."""
        for number in range(KEPT_LOGS, 0, -1):
            name = f"{self.log}.{number - 1}" if number > 1 else self.log
            if os.path.exists(name):
                os.replace(name, f"{self.log}.{number}")
        self.process.send_signal(signal.SIGUSR2)
        if not os.path.exists(f"{self.log}.2"):
            return []
        with open(f"{self.log}.2", "rb") as file:
            return [line for line in file.read().split(b"\n")[:-1] if not is_whole(line)]

    def last_lines(self):
        """Of the log and of standard error."""
        text = ""
        for name in (self.log, self.errors):
            with contextlib.suppress(FileNotFoundError), open(name, encoding="utf-8", errors="replace") as file:
                text += "".join(file.readlines()[-20:])
        return text

    def reports(self):
        """Of the sanitizers; a file that is still empty is none yet."""
        for path in sorted(glob.glob(self.file("report.*"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                if (text := file.read()) and not HARMLESS_REPORTS.search(text):
                    yield path, text

    def descriptors(self):
        """Without those of the reports, which the sanitizers keep."""
        folder = f"/proc/{self.process.pid}/fd"
        return sum(not os.readlink(os.path.join(folder, name)).startswith(self.file("report.")) for name in os.listdir(folder))

    def keep(self, directory):
        """Everything that explains a finding."""
        os.makedirs(directory, exist_ok=True)
        for name in (*glob.glob(self.log + "*"), *(path for path, _ in self.reports()), self.errors, self.file("config")):
            with contextlib.suppress(OSError):
                shutil.copy(name, directory)


def is_whole(line):
    """A line as the service writes it, in text or JSON, without anything that controls a terminal."""
    if any(byte < 32 or byte == 127 for byte in line):
        return False
    if line.startswith(b"{"):
        with contextlib.suppress(ValueError):
            json.loads(line)
            return True
        return False
    return re.match(rb"\d{4}-\d\d-\d\dT[\d:.]+Z (trace|debug|info|warning|error|critical) \S", line) is not None


def counts(status):
    """The figures of a status that only grow, by the name that they have in the table."""
    udp = status["udp"]
    return ({"connections accepted": status["connections"]["accepted"], "TLS handshakes done": status["tls"]["handshakes"],
             "TLS handshakes failed": status["tls"]["failed_handshakes"] + status["tls"]["timed_out_handshakes"],
             "datagrams received": udp["received"], "datagrams answered": udp["answered"],
             "reloads done": status["reloads"]["done"], "reloads refused": status["reloads"]["failed"],
             "upgrades done": status["upgrades"]["done"], "upgrades refused": status["upgrades"]["failed"],
             "accept pauses": status["accept_pauses"], "log lines dropped": status["dropped_log_lines"]}
            | {f"refused, {reason}": number for reason, number in status["refused"].items()}
            | {f"ended, {reason}": number for reason, number in status["ended"].items()}
            | {f"datagrams refused, {reason}": number for reason, number in udp["refused"].items()})
