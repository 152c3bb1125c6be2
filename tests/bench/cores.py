"""The cores of the machine: one for the server, another for the load and for what measures."""
import contextlib
import os

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[-1], CORES[0]


def enough():
    return len(CORES) > 1


def stay_on_the_load_core():
    os.sched_setaffinity(0, {LOAD_CORE})


@contextlib.contextmanager
def on_the_server_core():
    """Processes that start inside this block run on the server's core."""
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        yield
    finally:
        stay_on_the_load_core()
