#include "tests/injection/client.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <vector>

#include "tests/service/patience.hpp"

namespace injection {
namespace {

service::FileDescriptor connected(int family, const sockaddr* address, socklen_t size,
                                  std::chrono::milliseconds limit) {
  service::FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  // connect(2) and send(2) may wait for the service too.
  const timeval time{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  constexpr int small = 16 * 1024;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (connect(socket.get(), address, size) != 0) socket.close();
  return socket;
}

}  // namespace

Client::Client(std::uint16_t port, std::chrono::milliseconds limit) : limit_(limit) {
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  socket_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address, limit);
}

Client::Client(const std::filesystem::path& path, std::chrono::milliseconds limit) : limit_(limit) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  socket_ = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, limit);
}

std::string Client::exchange(std::string_view bytes, std::size_t size) {
  std::string received;
  std::vector<char> buffer(64 * 1024);
  const auto deadline = service::Clock::now() + limit_;
  while (socket_.get() >= 0 && (!bytes.empty() || received.size() < size)) {
    pollfd events{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (!bytes.empty()) events.events = POLLIN | POLLOUT;
    if (poll(&events, 1, service::milliseconds_until(deadline)) <= 0) break;
    if ((events.revents & POLLOUT) != 0) {
      const ssize_t sent =
          send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else {
      const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      received.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  return received;
}

bool returns(std::uint16_t port, std::string_view datagram, std::chrono::milliseconds limit) {
  const service::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(socket.get(), datagram.data(), datagram.size(), 0) < 0)
    return false;
  pollfd ready{.fd = socket.get(), .events = POLLIN, .revents = 0};
  std::array<char, 64> answer{};
  if (poll(&ready, 1, static_cast<int>(limit.count())) != 1) return false;
  const ssize_t size = recv(socket.get(), answer.data(), answer.size(), 0);
  return size >= 0 && std::string_view(answer.data(), static_cast<std::size_t>(size)) == datagram;
}

bool echoes(Client client, std::string_view bytes) {
  return client.exchange(bytes, bytes.size()) == bytes;
}

}  // namespace injection
