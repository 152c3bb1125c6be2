"""Counts what coroecho does for an echo: what many echoes took, less what few took.

So start, connections and stop do not count, and the figures are the same on every machine; only the
compiler and the libraries change them a little.
"""
import concurrent.futures
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile

import echoes
from service import EVENTS, Service, make_identity

# How the messages come: on how many connections, few echoes and many.
ONE_BY_ONE = {"1 at a time": (1, echoes.one_by_one, 50, 300)}
TOGETHER = {"50 together": (50, echoes.all_at_once, 200, 1200)}
# As many as the service receives by one call, and alone, for which it must have found a few alone before.
DATAGRAMS = {"32 datagrams together": (32, echoes.all_at_once, 320, 1920), "a datagram alone": (1, echoes.soon_one_by_one, 100, 600)}


class CannotCount(Exception):
    """This machine has not what it takes."""


def system_calls(program):
    require("strace", ["strace", "-f", "-o", os.devnull, "true"])
    return per_echo(program, "system calls", count_system_calls, ONE_BY_ONE | TOGETHER)


def instructions(program):
    # One at a time with pauses, the work of a second would be counted along with that of an echo.
    require("valgrind", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "true"])
    counts = per_echo(program, "instructions", count_instructions, TOGETHER | DATAGRAMS)
    few, many = 20, 220
    for events, name in (((), ""), (EVENTS, ", all events to a file")):
        one, other = (count_connections(program, number, events) for number in (few, many))
        counts[f"instructions, a connection with an echo{name}"] = (other - one) / (many - few)
    return counts


def tls_instructions(program):
    """The same of an echo over TLS, most of which are OpenSSL's."""
    require("valgrind", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "true"])
    require_openssl()
    connections, few, many = 50, 200, 2200
    with tempfile.TemporaryDirectory(prefix="coroecho-cost-") as directory, \
            concurrent.futures.ThreadPoolExecutor(2) as workers:
        encrypted = {"tls": {"port": 0, **make_identity(directory)}}
        counts = [workers.submit(count_instructions, program, (), connect_tls, connections, echoes.all_at_once,
                                 number // connections, encrypted) for number in (few, many)]
        one, other = (count.result() for count in counts)
    return {"instructions, 50 together over TLS": (other - one) / (many - few)}


def require(name, trial):
    if not shutil.which(name):
        raise CannotCount(f"{name} is not installed")
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise CannotCount(f"{name} does not work here: {tried.stderr.strip()[-200:]}")


def require_openssl():
    require("openssl", ["openssl", "version"])
    if ssl.OPENSSL_VERSION_INFO[:2] > (3, 0):
        raise CannotCount(f"the bounds are those of OpenSSL 3.0, and this is {ssl.OPENSSL_VERSION}")


def per_echo(program, what, count, ways):
    """Counts each case."""
    # Counting does not mind company.
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        def counts(way, events, number):
            connections, exchange, _, _ = ways[way]
            connect = connect_datagrams if way in DATAGRAMS else connect_streams
            return workers.submit(count, program, events, connect, connections, exchange, number // connections)

        cases = {}
        for events, name in (((), ""), (EVENTS, ", all events to a file")):
            for way, (_, _, few, many) in ways.items():
                cases[f"{what}, {way}{name}"] = (counts(way, events, few), counts(way, events, many), many - few)
        return {case: (many.result() - few.result()) / more
                for case, (few, many, more) in cases.items()}


def connect_streams(service, number):
    return echoes.connect(service.port, number)


def connect_datagrams(service, number):
    return echoes.connect_datagrams(service.udp_port, number)


def connect_tls(service, number):
    return echoes.connect_tls(service.wait_for_port("tls "), number)


def count_system_calls(program, events, connect, connections, exchange, rounds):
    tool = ("strace", "-f", "-c", "-o", "{directory}/calls")
    with Service(program, tool, events) as service:
        echo(service, connect, connections, exchange, rounds)
        # Calls, errors if there were any, "total". Not by its 100 % of the time: in a short run one
        # call may have taken all that was measurable.
        return number_in(service, "calls", r"\s(\d+)(?:\s+\d+)? total$")


def count_instructions(program, events, connect, connections, exchange, rounds, more=None):
    tool = ("valgrind", "--tool=callgrind", "--callgrind-out-file={directory}/instructions")
    with Service(program, tool, events, more) as service:
        echo(service, connect, connections, exchange, rounds)
        return number_in(service, "instructions", r"^(?:summary|totals): (\d+)")


def access(program):
    """Instructions of a connection with an echo: with 10,000 networks in relation to none."""
    require("valgrind", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "true"])
    few, many = 20, 220
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        counts = {(networks, number): workers.submit(count_connections, program, number, networks=networks)
                  for networks in (0, 10000) for number in (few, many)}
        cost = {networks: counts[networks, many].result() - counts[networks, few].result()
                for networks in (0, 10000)}
    return {"a connection with 10,000 networks, to one without": cost[10000] / cost[0]}


def silent(program, others=1000):
    """Instructions of an echo: among connections on which nothing comes, in relation to none."""
    require("valgrind", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "true"])
    connections, few, many = 50, 200, 1200

    def exchange(clients, pid, number):  # by those who are accepted last
        echoes.all_at_once(clients[-connections:], pid, number // connections)

    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        def count(around, number):
            return workers.submit(count_instructions, program, (), connect_streams, connections + around, exchange, number)

        counts = {around: (count(around, few), count(around, many)) for around in (0, others)}
        cost = {around: much.result() - little.result() for around, (little, much) in counts.items()}
    return {"an echo among 1,000 silent connections, to one without": cost[others] / cost[0]}


def count_connections(program, number, events=(), networks=0):
    # Around the client's own address and beside it: the search goes to the end.
    denied = [f"127.{i // 250}.{i % 250}.128/25" for i in range(networks)]
    tool = ("valgrind", "--tool=callgrind", "--callgrind-out-file={directory}/instructions")
    with Service(program, tool, events, {"access": {"deny": denied}}) as service:
        echoes.each_on_its_own(service.port, number)
        service.finish()
        return number_in(service, "instructions", r"^(?:summary|totals): (\d+)")


def number_in(service, name, pattern):
    with open(os.path.join(service.directory, name), encoding="utf-8") as file:
        return int(re.search(pattern, file.read(), re.MULTILINE)[1])


def echo(service, connect, connections, exchange, rounds):
    clients = connect(service, connections)
    exchange(clients, service.pid, rounds)
    for client in clients:
        client.close()
    service.finish()


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE)[1]) * 1024


def memory(program, connections=4000):
    """Bytes of user space that a connection keeps."""
    with Service(program) as service:
        # The first echo alone touches the pages of the shared buffer and the like.
        warm = echoes.connect(service.port, 10)
        echoes.one_by_one(warm, service.pid, 1, b"x" * 4096, pause=0)
        before = resident(service.pid)
        clients = echoes.connect(service.port, connections)
        # Accepted in this order, so all of them are.
        echoes.one_by_one(clients[-1:], service.pid, 1)
        silent = resident(service.pid)
        echoes.one_by_one(clients, service.pid, 1, b"x" * 4096, pause=0)
        after = resident(service.pid)
        for client in warm + clients:
            client.close()
    return {"bytes of a silent connection": (silent - before) / connections,
            "bytes of a connection after an echo of 4 KiB": (after - before) / connections,
            "pages of its stack, all events to a file": stack_pages(program)}


def stack_pages(program, connections=200):
    """How many pages of its stack a session touches, from its first line in the log to its last."""
    with Service(program, events=EVENTS) as service:
        before = resident_stacks(service.pid)
        clients = echoes.connect(service.port, connections)
        echoes.one_by_one(clients, service.pid, 1, "\u00e9\x00\t".encode() * 1000, pause=0)
        for client in clients:  # fewer than the pool keeps stacks, so what they have touched stays
            client.shutdown(socket.SHUT_WR)
            client.recv(1)
            client.close()
        after = resident_stacks(service.pid)
    return (after - before) / connections / os.sysconf("SC_PAGESIZE")


def tls(program, connections=1000, ending=200):
    """The same of TLS, and how many pages of its stack a session touches, from the handshake to its close_notify."""
    require_openssl()
    with tempfile.TemporaryDirectory(prefix="coroecho-cost-") as directory:
        identity = make_identity(directory)
        with Service(program, more={"tls": {"port": 0, **identity}}) as service:
            port = service.wait_for_port("tls ")
            warm = echoes.connect_tls(port, 10)
            echoes.one_by_one(warm, service.pid, 1, b"x" * 4096, pause=0)
            before, stacks_before = resident(service.pid), resident_stacks(service.pid)
            clients = echoes.connect_tls(port, connections)
            silent = resident(service.pid)
            echoes.one_by_one(clients, service.pid, 1, b"x" * 4096, pause=0)
            after = resident(service.pid)
            # Fewer than the pool keeps stacks, so what they have touched stays.
            for client in clients[:ending]:
                client.unwrap().close()
            stacks = resident_stacks(service.pid) - stacks_before
            for client in warm + clients[ending:]:
                client.close()
    return {"bytes of a silent connection of TLS": (silent - before) / connections,
            "bytes of a connection of TLS after an echo of 4 KiB": (after - before) / connections,
            "pages of its stack": stacks / connections / os.sysconf("SC_PAGESIZE")}


def resident_stacks(pid):
    """Bytes of the coroutines' stacks: the only memory without huge pages (nh) and without a reserve (nr)."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        mappings = re.findall(r"^Rss:\s+(\d+) kB$.*?^VmFlags:([^\n]*)", file.read(), re.MULTILINE | re.DOTALL)
    return sum(int(size) * 1024 for size, flags in mappings if {"nh", "nr"} <= set(flags.split()))


COSTS = {cost.__name__: cost for cost in (system_calls, instructions, access, silent, memory, tls, tls_instructions)}
