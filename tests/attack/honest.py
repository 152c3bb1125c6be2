"""Honest clients beside the strangers: the proof that the service keeps its promise."""
import asyncio
import contextlib
import os
import socket
import time

import payloads
from clients import ACTS, Clients, datagram_socket


class Honest(Clients):
    """Those of the soak, at every door, each from an address of its own."""

    def __init__(self, service, pace, at_a_time, seed):
        super().__init__(service.port, service.tls_port, service.file("authorities.pem"), at_a_time, seed)
        self.tls.load_cert_chain(service.file("certificate.pem"), service.file("key.pem"))
        self.service = service
        self.pace = pace
        self.excused_failures = 0
        ACTS[ask_until_answered] = 8

    async def turn(self):
        await self.pace.turn()

    def excused(self, act, began, failure):
        if not (self.service.excuses.since(began) or super().excused(act, began, failure)):
            return False
        self.excused_failures += 1
        return True

    def source(self):
        return f"127.77.{self.random.randrange(256)}.{self.random.randrange(1, 255)}"

    def greeting(self):
        return payloads.proxy_header(self.random, denied=False) if self.service.proxied else b""

    async def connect(self):
        door = self.random.choice(("IPv4", "IPv4", "IPv6", "Unix"))
        if door == "IPv4":
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.source(), 0))
        elif door == "IPv6":
            network = ":".join(f"{self.random.randrange(65536):x}" for _ in range(3))
            reader, writer = await asyncio.open_connection("::1", self.port, local_addr=(f"fd00:{network}::1", 0))
        else:
            reader, writer = await asyncio.open_unix_connection(self.service.file("echo.sock"))
        writer.write(self.greeting())
        return reader, writer

    def connect_for_tls(self):
        plain = socket.create_connection(("127.0.0.1", self.tls_port), 60, (self.source(), 0))
        plain.sendall(self.greeting())
        return plain


async def ask_until_answered(clients):
    """One datagram may be lost, twenty may not, and no freeze is as long. The source, which is new, is not below `udp.rate`."""
    async with datagram_socket(clients) as (transport, received):
        question = b"?" + clients.bytes()[:8000]
        for _ in range(20):
            transport.sendto(question)
            await asyncio.sleep(0.3)
            if received:
                break
        if any(answer != question for answer in received):
            clients.wrong.append("an answer over UDP is not the question")
        elif not received:
            raise EOFError("no datagram comes back")


async def watch_for_standstill(excuses):
    """A client that stands still itself may be ended for it: a machine so busy is an excuse."""
    before = time.monotonic()
    while True:
        await asyncio.sleep(0.2)
        now = time.monotonic()
        if now - before > 1.5:
            with contextlib.ExitStack() as stack:
                for each in excuses:
                    stack.enter_context(each.given())
        before = now


def arrange_network(directory):
    """In namespaces of our own: addresses without end, and names, one of which takes a second to be unknown."""
    for command in ("ip link set lo up", "ip -6 route add local fd00::/16 dev lo"):
        os.system(command)
    with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w", encoding="ascii") as file:
        file.write("1")
    hosts, resolver = (os.path.join(directory, name) for name in ("hosts", "resolv.conf"))
    with open(hosts, "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost\n127.0.0.4 echo.test\n")
    with open(resolver, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    for ours, system in ((hosts, "/etc/hosts"), (resolver, "/etc/resolv.conf")):
        os.system(f"mount --bind '{ours}' {system}")
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.53", 53))
    return silent
