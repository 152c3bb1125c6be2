"""Connects without a pause until SIGTERM, over TCP to port 7 and over a Unix socket, four threads each; then prints
how the connections went: an echo, none because the service was stopping, or worse."""

import collections
import itertools
import signal
import socket
import sys
import threading

TIMEOUT = 30  # seconds; longer than any restart
THREADS = 4


def attempt(family, address):
    """One connection: how it went."""
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(TIMEOUT)
    with client:
        try:
            client.connect(address)
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            return f"failed: {error}"
        try:
            client.sendall(b"hello\n")
            answer = client.recv(64)
        except ConnectionError:
            return "ended"
        except OSError as error:
            return f"failed: {error}"
        if answer == b"hello\n":
            return "echoed"
        return "ended" if answer == b"" else f"failed: {answer!r}"


def main():
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    outcomes = collections.Counter()
    lock = threading.Lock()

    def load(family, address):
        while not stop.is_set():
            outcome = attempt(family, address)
            with lock:
                outcomes[outcome] += 1

    targets = [(socket.AF_INET, ("127.0.0.1", 7)), (socket.AF_UNIX, sys.argv[1])]
    threads = [threading.Thread(target=load, args=target) for target in itertools.chain(*[targets] * THREADS)]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join()
    failed = [outcome for outcome in outcomes if outcome.startswith("failed")]
    print(
        f"{sum(outcomes.values())} connections: {outcomes['echoed']} echoed,",
        f"{outcomes['ended']} ended by a restart, {outcomes['refused']} refused,",
        f"{sum(outcomes[outcome] for outcome in failed)} failed",
        *failed,
        flush=True,
    )


main()
