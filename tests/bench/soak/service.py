"""coroecho as an operator sees it."""
import http.client
import json
import os
import signal
import subprocess
import time

import processes
from servers import free_port


class Service:
    """coroecho with a configuration that changes."""

    def __init__(self, program, directory, **surroundings):
        """The surroundings are those of subprocess.Popen."""
        self.program = program
        self.directory = directory
        self.surroundings = surroundings
        self.port, self.tls_port, self.admin_port = free_port(), free_port(), free_port()
        self.upgrades = 0
        self.process = None
        self.make_certificate("")
        self.log = self.file("log")

    def start(self):
        self.process = subprocess.Popen([self.program, "--config", self.file("config")], **self.surroundings)
        self.wait_until(lambda status: status["ready"])

    def file(self, name):
        return os.path.join(self.directory, name)

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30",
                        "-keyout", self.file(f"{name}key.pem"), "-out", self.file(f"{name}certificate.pem")],
                       check=True, stderr=subprocess.DEVNULL)

    def configure(self, number):
        """Two of anything that a reload can change, in turn; what clients were promised stays."""
        odd = number % 2 == 1
        config = {
            "host": ["127.0.0.1", "127.0.0.2"] if odd else "127.0.0.1",
            "port": self.port,
            "udp": {"port": self.port, "rate": 0 if odd else 1000, "allow": ["127.0.0.0/8"]},
            "tls": {"port": self.tls_port, "certificate": self.file("certificate.pem"), "key": self.file("key.pem"),
                    "min_version": "1.3" if odd else "1.2"},
            "unix": self.file("echo.sock") if odd else "",
            "limits": {"write_timeout": "10s", "idle_timeout": "2m" if odd else 0,
                       "max_connections": 500 if odd else 10000},
            "log": {"file": self.log, "payload": 64 if odd else 0, "format": "json" if odd else "text"},
            "admin": {"port": self.admin_port},
        }
        with open(self.file("config"), "w", encoding="utf-8") as file:
            json.dump(config, file)

    def status(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)
        connection.request("GET", "/status", headers={"Connection": "close"})
        with connection.getresponse() as response:
            return json.loads(response.read())

    def wait_until(self, satisfied):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if satisfied(self.status()):
                    return
            except ConnectionError:
                pass
            time.sleep(0.1)
        raise RuntimeError("the service does not become what it should be")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def sample(self):
        """None while an upgrade closes the admin endpoint's connections."""
        try:
            status = self.status()
        except (ConnectionError, http.client.HTTPException):
            return None
        return {"memory": processes.memory(self.process.pid)["VmRSS"],
                "descriptors": self.descriptors(),
                "stacks": status["coroutines"]["stacks"]}

    def descriptors_at_rest(self):
        """Without any of a client, nor of the admin endpoint's."""
        self.wait_until(lambda status: status["connections"]["active"] == 0)
        before = None
        while (now := self.descriptors()) != before:
            before = now
            time.sleep(1.5)
        return now

    def rotate_log(self):
        os.replace(self.log, self.log + ".1")
        self.process.send_signal(signal.SIGUSR2)

    def reload(self, number):
        self.configure(number)
        self.process.send_signal(signal.SIGHUP)

    def upgrade(self):
        self.upgrades += 1
        self.process.send_signal(signal.SIGRTMIN)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)
