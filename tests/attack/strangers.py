"""Strangers at every door: what they send is wrong, cut short, too much, too slow, or from somewhere else."""
import array
import asyncio
import contextlib
import os
import socket
import struct

import payloads

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
LONGEST_ACT = 15  # seconds


class Strangers:
    """So many at a time, each followed by the next, until cancelled."""

    def __init__(self, service, pace, random):
        self.service = service
        self.pace = pace
        self.random = random
        self.done = {}  # how many did what

    async def run(self, at_a_time):
        await asyncio.gather(*(self.one_after_the_other() for _ in range(at_a_time)))

    async def one_after_the_other(self):
        while True:
            await self.pace.turn()
            act = self.random.choices(list(ACTS), ACTS.values())[0]
            # Whatever the service does to a stranger, the stranger has deserved that.
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(act(self), LONGEST_ACT)
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    async def pause(self, longest):
        await asyncio.sleep(self.random.uniform(0, longest))

    def source(self):
        """An address of this machine: mostly a new one, sometimes the same, or one of those that `access` may deny."""
        last = self.random.randrange(1, 255)
        return self.random.choice((f"127.{self.random.randrange(2, 60)}.{self.random.randrange(256)}.{last}", "127.0.0.1",
                                   f"127.66.0.{last}"))

    @contextlib.asynccontextmanager
    async def connection(self, tls=False, receive_buffer=None, unix=None):
        """To one of the doors of the echo; closed in one of the ways there are."""
        service, random = self.service, self.random
        port = service.tls_port if tls else service.port
        door = "unix" if unix else random.choice(("127.0.0.1", "127.0.0.1", "::1") if tls or unix is False else
                                                 ("127.0.0.1", "127.0.0.1", "::1", "unix"))
        family = {"unix": socket.AF_UNIX, "::1": socket.AF_INET6}.get(door, socket.AF_INET)
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as stream:
            if receive_buffer:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if family == socket.AF_INET:
                stream.bind((self.source(), 0))
            await asyncio.get_running_loop().sock_connect(stream, service.file("echo.sock") if door == "unix" else (door, port))
            if service.proxied and random.random() < 0.8:
                await self.send(stream, payloads.proxy_header(random))
            yield stream
            if random.random() < 0.3:
                with contextlib.suppress(OSError):
                    stream.shutdown(random.choice((socket.SHUT_WR, socket.SHUT_RD, socket.SHUT_RDWR)))
                await self.pause(0.3)
            elif random.random() < 0.5 and family != socket.AF_UNIX:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    async def send(self, stream, data):
        """In pieces, of which those after the hundredth are one."""
        for number, piece in enumerate(payloads.pieces(self.random, data[:400]) if len(data) < 5000 else ()):
            await asyncio.get_running_loop().sock_sendall(stream, piece)
            if number % 20 == 0:
                await self.pause(0.01)
        await asyncio.get_running_loop().sock_sendall(stream, data[400:] if len(data) < 5000 else data)

    async def receive(self, stream, most=2 ** 20, seconds=3.0):
        """All that comes until the end, or until nothing has come for a while."""
        received = b""
        with contextlib.suppress(asyncio.TimeoutError):
            while len(received) < most and (
                    data := await asyncio.wait_for(asyncio.get_running_loop().sock_recv(stream, 65536), seconds)):
                received += data
        return received


async def garbage(strangers):
    """Bytes, a half-close, and more bytes where that is possible."""
    async with strangers.connection() as stream:
        await strangers.send(stream, payloads.some_bytes(strangers.random, 2 ** 18))
        await strangers.receive(stream, seconds=0.5)


async def proxy_headers(strangers):
    async with strangers.connection(tls=strangers.random.random() < 0.2) as stream:
        await strangers.send(stream, payloads.wrong_proxy_header(strangers.random))
        await strangers.receive(stream, seconds=strangers.random.choice((0.1, 4)))


async def urgent(strangers):
    async with strangers.connection() as stream:
        for _ in range(strangers.random.randrange(1, 20)):
            with contextlib.suppress(BlockingIOError):
                stream.send(payloads.some_bytes(strangers.random, 500) + b"!", socket.MSG_OOB)
            if strangers.random.random() < 0.5:
                await strangers.send(stream, b"in between")
        await strangers.receive(stream, seconds=0.3)


async def passed_descriptors(strangers):
    async with strangers.connection(unix=True) as stream:
        for _ in range(strangers.random.randrange(1, 10)):
            ends = os.pipe() if strangers.random.random() < 0.9 else (stream.fileno(),)
            rights = array.array("i", ends * strangers.random.randrange(1, 100))
            with contextlib.suppress(BlockingIOError):
                stream.sendmsg([b"descriptors"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            for end in ends[:2] if len(ends) > 1 else ():
                os.close(end)
        await strangers.receive(stream, seconds=0.3)


async def zero_window(strangers):
    """Sends what no buffer holds, and never reads, or reads a byte now and then."""
    async with strangers.connection(receive_buffer=2048) as stream:
        flood = asyncio.create_task(strangers.send(stream, bytes(2 ** 23)))
        try:
            for _ in range(20):
                await strangers.pause(0.8)
                if strangers.random.random() < 0.3:
                    await asyncio.get_running_loop().sock_recv(stream, 1)
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)


async def crowd(strangers):
    """Many at once that connect and reset, or stay for a while without a byte."""
    stays = strangers.random.choice((0, 0, 3))

    async def one():
        with contextlib.suppress(OSError):
            async with strangers.connection(tls=strangers.random.random() < 0.3):
                await asyncio.sleep(stays)

    await asyncio.gather(*(one() for _ in range(strangers.random.randrange(2, 60))))


async def wrong_handshake(strangers):
    """A ClientHello that is changed, cut, or in many records."""
    random = strangers.random
    async with strangers.connection(tls=True) as stream:
        hello = payloads.TlsClient(random).hello()
        change = random.choice((lambda: payloads.mutated(random, hello), lambda: payloads.in_small_records(random, hello),
                                lambda: hello[:random.randrange(len(hello))], lambda: hello * 3,
                                lambda: hello[:5] + payloads.some_bytes(random, 20000)))
        await strangers.send(stream, change())
        await strangers.receive(stream, seconds=random.choice((0.1, 1, 4)))


async def wrong_session(strangers):
    """A handshake as it should be, and an end that is not: no close_notify, changed records, a half-close, or nothing read."""
    random = strangers.random
    async with strangers.connection(tls=True) as stream:
        client = payloads.TlsClient(random)
        await strangers.send(stream, client.hello())
        complete = False
        while not complete:
            data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(stream, 65536), 5)
            if not data:
                return
            records, complete = client.answer(data)
            if random.random() < 0.05:
                records = payloads.mutated(random, records)
            await strangers.send(stream, records)
        for _ in range(random.randrange(10)):
            records = client.records(client.session.write, payloads.some_bytes(random, 2 ** 17) + b".")
            await strangers.send(stream, payloads.mutated(random, records) if random.random() < 0.1 else records)
        if random.random() < 0.5:
            await strangers.send(stream, client.records(client.session.unwrap))
        await strangers.receive(stream, seconds=random.choice((0.1, 1)))


async def new_keys(strangers):
    """openssl asks for new keys (K, k) or a renegotiation (R) in the middle of the stream."""
    if strangers.service.proxied:
        return
    program = await asyncio.create_subprocess_exec(
        "openssl", "s_client", "-connect", f"127.0.0.1:{strangers.service.tls_port}", strangers.random.choice(("-tls1_2", "-tls1_3")),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        for _ in range(strangers.random.randrange(1, 12)):
            program.stdin.write(strangers.random.choice((b"K\n", b"k\n", b"R\n", b"a line\n", b"x" * 5000 + b"\n")))
            await program.stdin.drain()
            await strangers.pause(0.2)
        program.stdin.write(b"Q\n")
        await asyncio.wait_for(program.wait(), 5)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def http(strangers):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as stream:
        await asyncio.get_running_loop().sock_connect(stream, ("127.0.0.1", strangers.service.admin_port))
        await strangers.send(stream, payloads.http_request(strangers.random))
        if strangers.random.random() < 0.3:
            stream.shutdown(socket.SHUT_WR)
        await strangers.receive(stream, seconds=strangers.random.choice((0.1, 0.1, 1, 6)))


async def datagrams(strangers):
    """From ports of all kinds, also that of the service, of all sizes."""
    random, port = strangers.random, strangers.service.port
    six = random.random() < 0.3
    source = "::1" if six else strangers.source()
    own_port = random.choice((0, 0, 0, random.randrange(1, 1024), port))
    # While the service starts anew, its own address is not to be taken.
    if source in ("::1", "127.0.0.1") and own_port == port:
        own_port = 0
    with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as datagram:
        datagram.bind((source, own_port))
        if random.random() < 0.3:
            datagram.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, random.choice((1, 2, 255)))
        for _ in range(random.randrange(1, 40)):
            with contextlib.suppress(OSError):
                datagram.sendto(payloads.some_bytes(random, 65507), ("::1" if six else "127.0.0.1", port))
        await strangers.pause(0.1)


async def forged_datagrams(strangers):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for _ in range(strangers.random.randrange(1, 40)):
            with contextlib.suppress(OSError):
                raw.sendto(payloads.forged_datagram(strangers.random, strangers.service.port), ("127.0.0.1", 0))


# How often, in a hundred.
ACTS = {garbage: 14, proxy_headers: 14, urgent: 6, passed_descriptors: 5, zero_window: 3, crowd: 3, wrong_handshake: 14,
        wrong_session: 9, new_keys: 1, http: 13, datagrams: 10, forged_datagrams: 8}
