"""Bytes as an attacker makes them, from a random.Random: some as they should be, more that are almost so."""
import ipaddress
import socket
import ssl
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def some_bytes(random, most):
    """Of every magnitude, from nothing to the most."""
    return random.randbytes(random.randrange(min(2 ** random.randrange(25), most) + 1))


def mutated(random, data, avoid=b""):
    """A few bytes changed, left out, put in, doubled, or all cut short."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        at = random.randrange(len(data) + 1)
        new = bytes(byte for byte in random.randbytes(random.randrange(1, 5)) if byte not in avoid)
        act = random.randrange(5)
        if act == 0:
            data[at:at + len(new)] = new
        elif act == 1:
            del data[at:at + random.randrange(1, 9)]
        elif act == 2:
            data[at:at] = new
        elif act == 3:
            data[at:at] = data[at:at + random.randrange(40)]
        else:
            del data[max(at, 1):]
    return bytes(data)


def pieces(random, data):
    """The same bytes, cut at random."""
    longest = random.choice((1, 7, 100, 5000, len(data) + 1))
    at = 0
    while at < len(data):
        size = random.randrange(1, longest + 1)
        yield data[at:at + size]
        at += size


def address(random, six=False, denied=True):
    """Each time another one, of networks that `access` may deny, or not."""
    if six:
        return str(ipaddress.IPv6Address(((0x20010db8 if denied else 0x20010db9) << 96) + random.getrandbits(96)))
    return f"{'203.0' if denied else '198.18'}.{random.randrange(112, 115)}.{random.randrange(256)}"


def proxy_header(random, denied=True):
    """One that names a client, in version 1 or 2."""
    six = random.random() < 0.3
    source, target = address(random, six, denied), address(random, six, denied)
    ports = random.randrange(65536), random.randrange(65536)
    if random.random() < 0.5:
        return f"PROXY TCP{6 if six else 4} {source} {target} {ports[0]} {ports[1]}\r\n".encode()
    addresses = b"".join(ipaddress.ip_address(each).packed for each in (source, target)) + struct.pack("!HH", *ports)
    # An extension of type 3 is a checksum, which is wrong here: a stranger may send one.
    body = addresses + b"".join(struct.pack("!BH", random.randrange(0 if denied else 4, 256), len(value)) + value
                                for value in (some_bytes(random, 60) for _ in range(random.randrange(3))))
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x21 if six else 0x11, len(body)) + body


def wrong_proxy_header(random):
    """Almost one, in most cases."""
    body = some_bytes(random, 5000)
    return random.choice((
        lambda: mutated(random, proxy_header(random)),
        lambda: proxy_header(random)[:random.randrange(30)],
        lambda: b"PROXY UNKNOWN " + some_bytes(random, 200) + b"\r\n",
        lambda: b"PROXY TCP4 " + b" ".join(some_bytes(random, 8).hex().encode() for _ in range(4)) + b"\r\n",
        lambda: b"PROXY " * random.randrange(1, 60),
        lambda: SIGNATURE + struct.pack("!BBH", random.randrange(256), random.randrange(256), random.randrange(65536)) + body,
        lambda: SIGNATURE + struct.pack("!BBH", 0x20, 0, len(body)) + body,
        lambda: SIGNATURE + struct.pack("!BBH", 0x21, 0x31, 216) + random.randbytes(216),
        lambda: proxy_header(random) + proxy_header(random),
    ))()


class TlsClient:
    """A session of TLS whose records are bytes in memory, to be sent, cut or changed."""

    def __init__(self, random):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = random.choice((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
        if random.random() < 0.2:
            context.set_alpn_protocols([f"protocol-{number}" for number in range(random.randrange(1, 300))])
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = random.choice(("localhost", "x" * 63 + ".test", "\u00fc.test", None))
        self.session = context.wrap_bio(self.received, self.sent, server_hostname=name)

    def records(self, step, *arguments):
        """Takes a step as far as it goes; returns what there is to send."""
        try:
            step(*arguments)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        return self.sent.read()

    def hello(self):
        return self.records(self.session.do_handshake)

    def answer(self, data):
        """The records with which the handshake goes on, and whether it is complete."""
        self.received.write(data)
        try:
            self.session.do_handshake()
            complete = True
        except ssl.SSLWantReadError:
            complete = False
        return self.sent.read(), complete


def in_small_records(random, records):
    """The handshake of the first record, in many."""
    body, cut = records[5:], random.choice((1, 3, 60, 500))
    return b"".join(records[:3] + struct.pack("!H", len(part)) + part
                    for part in (body[at:at + cut] for at in range(0, len(body), cut)))


def http_request(random):
    """One or several, of which most are wrong somewhere."""
    method = random.choice(("GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PRI", "get", "G" * random.randrange(9000)))
    path = random.choice(("/", "/metrics", "/status", "/healthz", "/readyz", "/history", "/status?x=1", "*", "/../../etc/passwd",
                          "http://a/status", "/" + "a" * random.randrange(9000), "/%00%0a\u00ff"))
    lines = [f"{method} {path} HTTP/{random.choice(('1.1', '1.1', '1.0', '2.0', '9.9', ''))}"]
    headers = ("Host: localhost", "Connection: close", "Connection: keep-alive", "Content-Length: 5", "Content-Length: -1",
               f"Content-Length: {2 ** 64}", "Transfer-Encoding: chunked", "Transfer-Encoding: xchunked", "Expect: 100-continue",
               "Upgrade: h2c", "Range: bytes=0-0", " folded: yes", "No colon", "Space : before", "Accept-Encoding: gzip",
               f"X-Long: {'y' * random.randrange(10000)}")
    lines += random.sample(headers, random.randrange(6))
    body = random.choice(("", "", "hello", "5\r\nhello\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "z" * random.randrange(3000)))
    request = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
    if random.random() < 0.3:
        request = mutated(random, request)
    return request * random.choice((1, 1, 1, 2, 30))


def forged_datagram(random, port):
    """A packet of IPv4 with any source, time to live and length field, for a raw socket. The kernel fills in the checksum of IP."""
    source = random.choice(("127.0.0.1", "127.0.0.2", "127.0.0.9", "224.0.0.1", "255.255.255.255", "0.0.0.0", address(random)))
    source_port = random.choice((0, 7, 53, port, random.randrange(65536)))
    payload = some_bytes(random, 1400)
    length = random.choice((8 + len(payload),) * 8 + (0, 7, 65535))
    udp = struct.pack("!HHHH", source_port, port, length, 0) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, random.choice((0, 0xb8)), 20 + len(udp), random.getrandbits(16), 0,
                     random.choice((1, 2, 64, 255)), socket.IPPROTO_UDP, 0)
    return ip + socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + udp
