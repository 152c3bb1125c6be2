"""The acts of an operator, also a clumsy one, and of the system: each must be answered, and harm no client."""
import asyncio
import os
import resource
import signal

# The error is one that a system short of something returns. mmap is left out: the sanitizers need that themselves.
FAILING_CALLS = {
    "accept4": ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EPERM"), "bind": ("EADDRINUSE", "ENOMEM"),
    "clone3": ("EAGAIN",), "connect": ("ECONNREFUSED",), "epoll_create1": ("EMFILE",), "epoll_ctl": ("ENOSPC", "ENOMEM"),
    "epoll_pwait": ("EINTR",), "execve": ("ENOMEM", "ETXTBSY"), "fcntl": ("EMFILE",), "flock": ("ENOLCK",), "fstat": ("EIO",),
    "ioctl": ("ENOTTY",), "listen": ("EADDRINUSE",), "memfd_create": ("EMFILE",), "mprotect": ("ENOMEM",),
    "newfstatat": ("EIO",), "openat": ("EMFILE", "EIO"), "pidfd_open": ("EMFILE",), "pipe2": ("EMFILE",), "pread64": ("EIO",),
    "read": ("EIO",), "recvfrom": ("ENOMEM", "ECONNRESET", "ETIMEDOUT"), "recvmsg": ("ENOMEM", "ECONNRESET"),
    "recvmmsg": ("ENOMEM",), "sendmmsg": ("ENOBUFS", "EPERM"), "sendmsg": ("ENOBUFS", "EPIPE"),
    "sendto": ("ENOBUFS", "EPIPE"), "setsockopt": ("ENOPROTOOPT",), "getsockopt": ("ENOBUFS",),
    "getsockname": ("ENOBUFS",), "shutdown": ("ENOTCONN",), "signalfd4": ("EMFILE",), "socket": ("EMFILE", "ENOMEM"),
    "write": ("ENOSPC", "EIO"), "writev": ("ENOSPC", "EPIPE"),
}
HARMLESS_SIGNALS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD,
                    signal.SIGURG, signal.SIGWINCH, signal.SIGCONT)
# Programs that cannot go on with the state of this one: no program, another one, one that hangs, one that is cut short.
WRONG_PROGRAMS = {"missing": None, "empty": b"", "text": b"hello", "fails": b"#!/bin/sh\nexit 3\n", "silent": b"#!/bin/sh\nexit 0\n",
                  "hangs": b"#!/bin/sh\nexec sleep 60\n", "floods": b"#!/bin/sh\nexec yes\n", "kills itself": b"#!/bin/sh\nkill -9 $$\n"}


async def reload(operator):
    await operator.reload_good()


async def reload_bad(operator):
    service = operator.service
    status = await service.status_or_none()
    if status is None:
        return
    failed = status["reloads"]["failed"]
    config = service.bad()
    await operator.reload(config, lambda now: now["reloads"]["failed"] > failed, f"a bad configuration is not refused: {config!r:.3000}")
    await operator.reload_good()


async def reload_changed(operator):
    with operator.service.excuses.given():
        operator.service.write(operator.service.changed())
        operator.service.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(operator.random.uniform(0, 3))
        await operator.reload_good()


async def reload_faulty(operator):
    with operator.service.excuses.given():
        await operator.reload(operator.service.faulty(), operator.service.in_force(), "a configuration of faults does not come into force")
        await asyncio.sleep(operator.random.uniform(0, 8))
        await operator.reload_good()


async def reload_slowly(operator):
    """A name that takes a second to be unknown, and meanwhile whatever comes."""
    operator.service.write(operator.service.good() | {"host": ["127.0.0.1", "::1", "slow.test"]})
    operator.service.process.send_signal(signal.SIGHUP)
    await asyncio.sleep(operator.random.uniform(0, 1))
    await operator.random.choice((reload, storm_of_signals, upgrade, restart, freeze))(operator)


async def rotate_log(operator):
    for line in await asyncio.to_thread(operator.service.new_log):
        operator.wrong(f"a line that the service cannot have written so: {line!r:.500}")


async def fill_disk(operator):
    await operator.reload(operator.service.good() | {"log": {"file": "full/log"}}, operator.service.in_force(),
                          "a log on a small disk does not come into force")
    await asyncio.sleep(operator.random.uniform(0, 5))
    await operator.reload_good()


async def storm_of_signals(operator):
    for _ in range(operator.random.randrange(1, 100)):
        operator.service.process.send_signal(operator.random.choice(HARMLESS_SIGNALS))
        if operator.random.random() < 0.2:
            await asyncio.sleep(0.02)
    await operator.reload_good()


async def freeze(operator):
    operator.service.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(operator.random.uniform(0, 3))
    operator.service.process.send_signal(signal.SIGCONT)


async def upgrade(operator):
    status = await operator.service.status_or_none()
    if status is None:
        return
    done = status["upgrades"]["done"]
    operator.clients.upgraded()
    operator.service.write(operator.service.good())
    operator.service.upgrade()
    await operator.expect(lambda now: now["upgrades"]["done"] > done, "an upgrade is not done")
    operator.clients.upgraded()
    await operator.expect(operator.service.in_force(), "the configuration of the next program is not in force")


async def upgrade_wrong(operator):
    service = operator.service
    status = await service.status_or_none()
    if status is None:
        return
    failed = status["upgrades"]["failed"]
    name, text = operator.random.choice(list(WRONG_PROGRAMS.items()))
    path = service.file("wrong")
    if text is not None:
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, operator.random.choice((0o755, 0o755, 0o644)) if name != "text" else 0o755)
    elif os.path.exists(path):
        os.remove(path)
    if operator.random.random() < 0.3:
        name = "has a wrong configuration"
        service.write({"limits": {"max_connection": 1}})
    else:
        service.use_program(path)
    operator.clients.upgraded()
    service.upgrade()
    await operator.expect(lambda now: now["upgrades"]["failed"] > failed, f"an upgrade to a program that {name} is not refused")
    service.use_program(service.executable)
    await operator.reload_good()


def signal_perhaps(operator):
    """Every other time a reload, a new log file or an upgrade begins."""
    if operator.random.random() < 0.5:
        operator.clients.upgraded()
        operator.service.process.send_signal(operator.random.choice((signal.SIGHUP, signal.SIGUSR2, signal.SIGRTMIN)))


async def run_short_of_descriptors(operator):
    """Nobody is dropped; reloads and upgrades meanwhile may be refused."""
    pid = operator.service.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    few = len(os.listdir(f"/proc/{pid}/fd")) + operator.random.randrange(-3, 5)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(few, 3), before[1]))
    signal_perhaps(operator)
    await asyncio.sleep(operator.random.uniform(0, 4))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    await operator.reload_good()


async def run_short_of_file_size(operator):
    pid = operator.service.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    with operator.service.excuses.given():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (operator.random.choice((0, 1000, 10 ** 6)), before[1]))
        signal_perhaps(operator)
        await asyncio.sleep(operator.random.uniform(0, 3))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    await operator.reload_good()


async def fail_calls(operator):
    """strace lets calls of the running service fail, while it serves, reloads or upgrades."""
    random, service = operator.random, operator.service
    calls = random.sample(list(FAILING_CALLS), random.choice((1, 1, 2, 4)))
    injections = []
    for call in calls:
        when = f"{random.choice((1, 1, 2, 10, random.randrange(1, 200)))}+{random.choice((1, 2, 7, 50, 1000))}"
        injections += ["-e", f"inject={call}:error={random.choice(FAILING_CALLS[call])}:when={when}"]
    with service.excuses.given():
        strace = await asyncio.create_subprocess_exec(
            "strace", "-f", "-qq", "-o", "/dev/null", "-p", str(service.process.pid), "-e", "trace=" + ",".join(calls), *injections,
            stderr=asyncio.subprocess.DEVNULL)
        await asyncio.sleep(random.uniform(0.3, 2))
        operator.clients.upgraded()
        if service.process.poll() is None:
            service.process.send_signal(random.choice((signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN)))
        await asyncio.sleep(random.uniform(0.3, 3))
        if strace.returncode is None:
            strace.terminate()
            await strace.wait()
        if service.process.poll() is None:
            await operator.reload_good()


async def restart(operator):
    with operator.service.excuses.given():
        await operator.stop()
        await operator.start()


# How often, in a hundred.
ACTS = {reload: 16, reload_bad: 12, reload_changed: 10, reload_faulty: 5, reload_slowly: 5, rotate_log: 8, fill_disk: 4,
        storm_of_signals: 6, freeze: 4, upgrade: 6, upgrade_wrong: 5, run_short_of_descriptors: 6, run_short_of_file_size: 3,
        fail_calls: 8, restart: 2}
