"""coroecho under a program that counts what it does."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

EVENTS = ("connect", "receive", "disconnect")


def make_identity(directory):
    """A certificate and its key, as the keys of `tls` name the files."""
    certificate, key = (os.path.join(directory, name) for name in ("certificate.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2",
                    "-subj", "/CN=localhost", "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return {"certificate": certificate, "key": key}


class Service:
    """Runs until the end of the `with`; `pid` is coroecho's, `directory` its own."""

    def __init__(self, program, tool=(), events=(), more=None):
        self.directory = tempfile.mkdtemp(prefix="coroecho-cost-")
        config, self.log = (os.path.join(self.directory, name) for name in ("coroecho.yaml", "log"))
        with open(config, "w", encoding="utf-8") as file:
            # The log goes to a file, as where events are logged; the port is in it. Whoever waits for
            # a request of the admin's must not make an echo dearer.
            json.dump({"host": "127.0.0.1", "port": 0, "limits": {"max_connections": 15000},
                       "admin": {"port": 0}, "udp": {"port": 0, "rate": 1000000},
                       "log": {"file": self.log, "events": list(events)}, **(more or {})}, file)
        tool = [word.format(directory=self.directory) for word in tool]
        self.process = subprocess.Popen([*tool, program, "--config", config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.port = self.wait_for_port("")
        self.udp_port = self.wait_for_port("udp ")
        # strace is the parent of what it traces, valgrind is itself what it runs.
        self.pid = self.child() or self.process.pid

    def wait_for_port(self, protocol):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if os.path.exists(self.log):
                with open(self.log, encoding="utf-8") as file:
                    found = re.search(rf"listening on {protocol}127\.0\.0\.1:(\d+)", file.read())
                if found:
                    return int(found[1])
            time.sleep(0.01)
        self.process.kill()
        raise RuntimeError(f"the server does not start: {self.process.stderr.read()}")

    def child(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def finish(self):
        """Stops it, after which what was counted is in the directory."""
        os.kill(self.pid, signal.SIGTERM)
        self.process.communicate(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.finish()
        shutil.rmtree(self.directory)
