"""Clients with random behaviour, which report echoes that break a promise."""
import asyncio
import concurrent.futures
import contextlib
import random
import socket
import ssl
import struct
import time

PATIENCE = 10  # seconds in which a client notices an upgrade
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Clients:
    """So many at a time, each followed by the next, until the time is over."""

    def __init__(self, port, tls_port, certificate, at_a_time, seed):
        self.port = port
        self.tls_port = tls_port
        self.tls = ssl.create_default_context(cafile=certificate)
        self.threads = concurrent.futures.ThreadPoolExecutor(at_a_time)
        self.last_upgrade = -PATIENCE
        self.at_a_time = at_a_time
        self.random = random.Random(seed)
        self.done = {}  # how many did what
        self.wrong = []

    def upgraded(self):
        self.last_upgrade = time.monotonic()

    def may_end(self):
        """An upgrade ends connections of TLS, in order."""
        return time.monotonic() - self.last_upgrade < PATIENCE

    def excused(self, act, _began, failure):
        """Whether an act that began then may have failed so."""
        return act is tls and self.may_end() and not isinstance(failure, ssl.SSLError)

    async def turn(self):
        """Waits until the next act may begin."""

    async def run(self, seconds):
        deadline = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(self.one_after_the_other(deadline) for _ in range(self.at_a_time)))

    async def one_after_the_other(self, deadline):
        while asyncio.get_running_loop().time() < deadline:
            await self.turn()
            act = self.random.choices(list(ACTS), ACTS.values())[0]
            began = time.monotonic()
            try:
                await asyncio.wait_for(act(self), 120)
            except (OSError, EOFError, TimeoutError, asyncio.TimeoutError) as failure:
                if not self.excused(act, began, failure):
                    self.wrong.append(f"{act.__name__}: {failure!r}")
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    def connect_for_tls(self):
        """Blocks."""
        return socket.create_connection(("127.0.0.1", self.tls_port), timeout=30)

    @contextlib.asynccontextmanager
    async def connection(self):
        reader, writer = await self.connect()
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def bytes(self):
        """Of every magnitude, from nothing to a megabyte."""
        return self.random.randbytes(self.random.randrange(2 ** self.random.randrange(21)))

    async def pause(self, longest):
        await asyncio.sleep(self.random.uniform(0, longest))

    async def expect(self, reader, writer, data):
        """After a half-close everything comes back, then the end."""
        writer.write_eof()
        self.compare(await reader.read(-1), data)

    def compare(self, received, sent):
        """A part of it is an early end, which may be excused. Nothing excuses other bytes."""
        if received != sent[:len(received)]:
            self.wrong.append("what came back is not what was sent")
        elif len(received) < len(sent):
            raise EOFError(f"{len(received)} bytes came back of {len(sent)}")


async def half_close(clients):
    async with clients.connection() as (reader, writer):
        data = clients.bytes()
        writer.write(data)
        await clients.expect(reader, writer, data)


async def trickle(clients):
    async with clients.connection() as (reader, writer):
        data = clients.bytes()[:200]
        for at in range(0, len(data), 20):
            writer.write(data[at:at + 20])
            await clients.pause(0.1)
        await clients.expect(reader, writer, data)


async def converse(clients):
    async with clients.connection() as (reader, writer):
        for _ in range(clients.random.randrange(20)):
            data = clients.bytes()[:4096] + b"."
            writer.write(data)
            try:
                answer = await reader.readexactly(len(data))
            except asyncio.IncompleteReadError as cut:
                answer = cut.partial
            clients.compare(answer, data)
            await clients.pause(0.2)


async def stall(clients):
    """Sends what no buffer holds, reads nothing for a while, then all of it."""
    async with clients.connection() as (reader, writer):
        writer.transport.pause_reading()
        data = clients.random.randbytes(8 * 2 ** 20)
        writer.write(data)
        await clients.pause(2)
        writer.transport.resume_reading()
        await clients.expect(reader, writer, data)


async def never_read(clients):
    """Ends by limits.write_timeout, with a reset."""
    async with clients.connection() as (reader, writer):
        writer.transport.pause_reading()
        writer.write(bytes(32 * 2 ** 20))
        # This client reads nothing, so it notices its end only when it cannot send any more.
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(writer.drain(), 60)
            raise EOFError("who never reads was left alone")


async def reset(clients):
    async with clients.connection() as (_, writer):
        writer.write(clients.bytes())
        await clients.pause(0.1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        writer.transport.abort()


async def probe(clients):
    async with clients.connection():
        pass


async def wait(clients):
    async with clients.connection():
        await clients.pause(5)


def converse_over_tls(clients):
    """Blocks. A session that ends without close_notify is an exception (ssl.SSLEOFError)."""
    with clients.connect_for_tls() as plain:
        with clients.tls.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as stream:
            for _ in range(clients.random.randrange(20)):
                data = clients.bytes()[:4096] + b"."
                stream.sendall(data)
                answer = b""
                while len(answer) < len(data) and (piece := stream.recv(len(data))):
                    answer += piece
                clients.compare(answer, data)
                time.sleep(clients.random.uniform(0, 0.2))
            stream.unwrap()


async def tls(clients):
    await asyncio.get_running_loop().run_in_executor(clients.threads, converse_over_tls, clients)


async def no_tls(clients):
    """Bytes that are no handshake: the service closes, in order or by a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", clients.tls_port)
    with contextlib.suppress(OSError):
        writer.write(clients.bytes()[:4096] + b"no TLS")
        writer.write_eof()
        await reader.read(-1)
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """Keeps the datagrams that come back."""

    def __init__(self):
        self.received = []

    def datagram_received(self, data, addr):
        self.received.append(data)


@contextlib.asynccontextmanager
async def datagram_socket(clients):
    """From an address that may be new to the service."""
    source = f"127.{clients.random.randrange(256)}.{clients.random.randrange(256)}.{clients.random.randrange(1, 255)}"
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, (source, 0), ("127.0.0.1", clients.port))
    try:
        yield transport, protocol.received
    finally:
        transport.close()


async def datagrams(clients):
    """Some may be lost, for the rate or a reload; none may be changed or invented."""
    async with datagram_socket(clients) as (transport, received):
        sent = [clients.bytes()[:65507] for _ in range(clients.random.randrange(1, 20))]
        for data in sent:
            transport.sendto(data)
            await clients.pause(0.05)
        await clients.pause(0.5)
        left = list(sent)
        for data in received:
            if data in left:
                left.remove(data)
            elif data in sent:
                raise EOFError("a datagram came back twice")
            else:
                clients.wrong.append("a datagram came back that was not sent")


async def flood(clients):
    """More than any rate, and nobody looks at what comes back."""
    async with datagram_socket(clients) as (transport, _):
        for _ in range(50):
            for _ in range(100):
                transport.sendto(b"flood")
            await clients.pause(0.05)


# How often, in a hundred.
ACTS = {half_close: 25, trickle: 8, converse: 13, stall: 4, never_read: 1, reset: 16, probe: 10, wait: 4, datagrams: 7,
        flood: 2, tls: 8, no_tls: 2}
