"""The program that makes the load, load/main.cpp: its commands and its answers."""
import json
import os
import subprocess
import threading

PATIENCE = 40  # seconds for a command, besides those it is told


class Load:
    """Clients of one server. A fault of the server is an exception."""

    def __init__(self, build, port):
        self.process = subprocess.Popen([os.path.join(build, "tests/bench/load/echo_load"), str(port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command, seconds=0.0):
        """Returns when it is done and nothing is under way any more."""
        watchdog = threading.Timer(PATIENCE + seconds, self.process.kill)
        watchdog.start()
        try:
            return self.exchange(command)
        finally:
            watchdog.cancel()

    def exchange(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its last line has the reason
        answer = self.process.stdout.readline()
        answer = json.loads(answer) if answer else {"failure": "the load ended"}
        if answer and "failure" in answer:
            raise RuntimeError(f"{command}: {answer['failure']}")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def bench(build, port, seconds, *arguments):
    """The report of coroecho-client --bench; every echo is in it, since there is next to no warm-up."""
    command = [os.path.join(build, "client/coroecho-client"), "127.0.0.1", str(port), "--bench", "--json",
               "--warmup", "1ms", "--duration", f"{seconds}s", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr}")
    return json.loads(done.stdout)
