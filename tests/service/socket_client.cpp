#include "tests/service/socket_client.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/service/patience.hpp"

namespace service {

namespace {

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressInfo numeric(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) throw std::runtime_error(address + ": " + gai_strerror(error));
  return {found, &freeaddrinfo};
}

// Returns which of `events` are ready. Throws std::runtime_error when time is up.
short wait_until_ready(int socket, int events, Clock::time_point deadline) {
  pollfd ready{.fd = socket, .events = static_cast<short>(events), .revents = 0};
  const int count = poll(&ready, 1, milliseconds_until(deadline));
  if (count < 0) throw_errno("poll");
  if (count == 0) throw std::runtime_error("time is up: the server neither takes nor sends");
  return ready.revents;
}

// Returns how many bytes the socket took at once, perhaps none.
std::size_t send_some(int socket, std::string_view bytes) {
  const ssize_t size = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN) throw_errno("send");
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

// Appends the bytes of one receive, at most `most`. False at the server's FIN.
bool receive_some(int socket, std::string& received, std::size_t most) {
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  const ssize_t size = recv(socket, buffer.data(), std::min(most, buffer.size()), 0);
  if (size < 0) throw_errno("recv");
  received.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

}  // namespace

SocketClient::SocketClient(const std::string& address, std::uint16_t port,
                           const std::string& source, int receive_buffer) {
  const AddressInfo to = numeric(address, port);
  socket_ = FileDescriptor(socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (!source.empty()) {
    const AddressInfo from = numeric(source, 0);
    if (bind(socket_.get(), from->ai_addr, from->ai_addrlen) != 0) throw_errno("bind");
  }
  if (receive_buffer > 0 && setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                                       sizeof(receive_buffer)) != 0) {
    throw_errno("setsockopt");
  }
  if (connect(socket_.get(), to->ai_addr, to->ai_addrlen) != 0) throw_errno("connect");
}

SocketClient::SocketClient(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof(address.sun_path)) throw std::runtime_error("path too long");
  path.native().copy(address.sun_path, path.native().size());
  socket_ = FileDescriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (connect(socket_.get(), generic, sizeof(address)) != 0) throw_errno("connect");
}

void SocketClient::send(std::string_view bytes) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!bytes.empty()) {
    wait_until_ready(socket_.get(), POLLOUT, deadline);
    bytes.remove_prefix(send_some(socket_.get(), bytes));
  }
}

std::size_t SocketClient::send_until_blocked(std::string_view bytes,
                                             std::chrono::milliseconds quiet) {
  const std::size_t all = bytes.size();
  pollfd ready{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
  while (!bytes.empty() && poll(&ready, 1, static_cast<int>(quiet.count())) == 1) {
    bytes.remove_prefix(send_some(socket_.get(), bytes));
  }
  return all - bytes.size();
}

std::string SocketClient::receive(std::size_t size) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string received;
  while (received.size() < size) {
    wait_until_ready(socket_.get(), POLLIN, deadline);
    if (!receive_some(socket_.get(), received, size - received.size())) {
      throw std::runtime_error("the server's FIN came after " + std::to_string(received.size()) +
                               " of " + std::to_string(size) + " bytes");
    }
  }
  return received;
}

std::string SocketClient::receive_until_quiet(std::chrono::milliseconds quiet) {
  std::string received;
  std::array<char, 65536> buffer{};
  pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  while (poll(&ready, 1, static_cast<int>(quiet.count())) == 1) {
    const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    received.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return received;
}

std::string SocketClient::receive_until_end() {
  return transfer("", false);
}

std::string SocketClient::echo(std::string_view bytes) {
  send(bytes);
  return receive(bytes.size());
}

std::string SocketClient::exchange(std::string_view bytes) {
  return transfer(bytes, true);
}

std::string SocketClient::transfer(std::string_view bytes, bool sending) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string received;
  for (;;) {
    const int ready = wait_until_ready(socket_.get(), POLLIN | (sending ? POLLOUT : 0), deadline);
    if (sending && (ready & POLLOUT) != 0) {
      bytes.remove_prefix(send_some(socket_.get(), bytes));
      sending = !bytes.empty();
      if (!sending) half_close();
    }
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0 &&
        !receive_some(socket_.get(), received, std::string::npos)) {
      return received;
    }
  }
}

void SocketClient::half_close() {
  if (shutdown(socket_.get(), SHUT_WR) != 0) throw_errno("shutdown");
}

void SocketClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) != 0) {
    throw_errno("setsockopt");
  }
  close();
}

void SocketClient::close() {
  socket_.close();
}

std::string SocketClient::name() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(socket_.get(), generic, &size) != 0) throw_errno("getsockname");
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  const bool brackets = address.ss_family == AF_INET6;
  std::string name = brackets ? "[" : "";
  return name.append(host.data()).append(brackets ? "]:" : ":").append(port.data());
}

SocketClient connect_when_listening(const std::filesystem::path& path) {
  for (const auto deadline = Clock::now() + patience;;) {
    try {
      return SocketClient(path);
    } catch (const std::system_error&) {
      if (Clock::now() > deadline) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace service
