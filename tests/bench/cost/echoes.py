"""Clients that make coroecho do a known number of echoes, always in the same order."""
import os
import signal
import socket
import ssl
import time

MESSAGE = b"x" * 63 + b"\n"


def connect(port, connections):
    clients = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(connections)]
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return clients


def connect_tls(port, connections):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return [context.wrap_socket(connect(port, 1)[0]) for _ in range(connections)]


def connect_datagrams(port, sockets):
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]
    for client in clients:
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
    return clients


def each_on_its_own(port, rounds):
    """A connection with an echo and both ends closed, one after the other."""
    for _ in range(rounds):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(MESSAGE)
            receive_all(client, len(MESSAGE))
            client.shutdown(socket.SHUT_WR)
            if client.recv(1):
                raise RuntimeError("more came back than was sent")


def receive_all(client, size):
    while size > 0:
        got = client.recv(size)
        if not got:
            raise RuntimeError("the server has closed a connection")
        size -= len(got)


def one_by_one(clients, pid, rounds, message=MESSAGE, pause=0.002):
    """The server finds one message at a time, and has long gone to sleep when the next comes."""
    for _ in range(rounds):
        for client in clients:
            time.sleep(pause)
            client.sendall(message)
            receive_all(client, len(message))


def soon_one_by_one(clients, pid, rounds):
    """The same, with pauses just long enough for a server under valgrind to go to sleep."""
    one_by_one(clients, pid, rounds, pause=0.0005)


def all_at_once(clients, pid, rounds):
    """The server finds a message on every connection at the same time, for it is stopped meanwhile."""
    for _ in range(rounds):
        stop(pid)
        for client in clients:
            client.sendall(MESSAGE)
        os.kill(pid, signal.SIGCONT)
        for client in clients:
            receive_all(client, len(MESSAGE))


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            if file.read().rpartition(")")[2].split()[0] in "Tt":
                return
        time.sleep(0.0005)
    raise RuntimeError("the server does not stop")
