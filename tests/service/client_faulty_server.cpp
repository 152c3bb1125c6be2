#include "tests/service/client_faulty_server.hpp"
#include "tests/service/patience.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace service {
namespace {

bool is_ready(int descriptor, short events) {
  pollfd query{.fd = descriptor, .events = events, .revents = 0};
  return poll(&query, 1, glance) == 1;
}

FileDescriptor listen_on(std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int yes = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("bind");
  }
  if (listen(socket.get(), SOMAXCONN) != 0) throw_errno("listen");
  return socket;
}

}  // namespace

FaultyConnection::FaultyConnection(FileDescriptor socket, const std::atomic<bool>& ending)
    : socket_(std::move(socket)), ending_(&ending) {}

std::optional<std::string> FaultyConnection::receive() {
  std::array<char, 65536> buffer{};
  while (!*ending_) {
    if (!is_ready(socket_.get(), POLLIN)) continue;
    const auto size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  }
  return std::nullopt;
}

std::string FaultyConnection::receive(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t received = 0;
  while (received < size && !*ending_) {
    if (!is_ready(socket_.get(), POLLIN)) continue;
    const auto more = recv(socket_.get(), bytes.data() + received, size - received, 0);
    if (more <= 0) break;
    received += static_cast<std::size_t>(more);
  }
  bytes.resize(received);
  return bytes;
}

void FaultyConnection::send(std::string_view bytes) {
  while (!bytes.empty() && !*ending_) {
    if (!is_ready(socket_.get(), POLLOUT)) continue;
    const auto size =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void FaultyConnection::echo_until_end() {
  while (const auto bytes = receive())
    send(*bytes);
}

void FaultyConnection::wait(std::chrono::milliseconds time) const {
  for (auto left = time.count(); left > 0 && !*ending_; left -= glance) {
    std::this_thread::sleep_for(std::chrono::milliseconds(glance));
  }
}

void FaultyConnection::be_silent() const {
  while (!*ending_)
    std::this_thread::sleep_for(std::chrono::milliseconds(glance));
}

void FaultyConnection::half_close() {
  shutdown(socket_.get(), SHUT_WR);
}

void FaultyConnection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.close();
}

FaultyServer::FaultyServer(Behaviour behaviour) : FaultyServer(std::move(behaviour), 0) {}

FaultyServer::FaultyServer(Behaviour behaviour, std::uint16_t port)
    : behaviour_(std::move(behaviour)),
      listener_(listen_on(port)),
      port_(port_of(listener_)),
      acceptor_([this] { accept_all(); }) {}

FaultyServer::~FaultyServer() {
  ending_ = true;
}

void FaultyServer::accept_all() {
  for (int number = 1; !ending_;) {
    if (!is_ready(listener_.get(), POLLIN)) continue;
    FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4");
    connections_.emplace_back([this, number, socket = std::move(socket)]() mutable {
      FaultyConnection connection(std::move(socket), ending_);
      behaviour_(connection, number);
    });
    ++number;
  }
}

}  // namespace service
