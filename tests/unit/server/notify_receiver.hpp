#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A service manager's end of NOTIFY_SOCKET: a datagram socket at a path, or at '@' and a name.
class NotifyReceiver {
 public:
  explicit NotifyReceiver(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un bound{};
    bound.sun_family = AF_UNIX;
    std::memcpy(bound.sun_path, address.data(), address.size());
    if (address.front() == '@') bound.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&bound), size) != 0) {
      std::abort();
    }
  }
  ~NotifyReceiver() { ::close(socket_); }
  NotifyReceiver(const NotifyReceiver&) = delete;
  NotifyReceiver& operator=(const NotifyReceiver&) = delete;
  NotifyReceiver(NotifyReceiver&&) = delete;
  NotifyReceiver& operator=(NotifyReceiver&&) = delete;

  int descriptor() const { return socket_; }

  // The next message, or none within that time.
  std::optional<std::string> receive(std::chrono::milliseconds patience = {}) {
    pollfd events{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&events, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size < 0) return std::nullopt;
    messages_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    return messages_.back();
  }

  // The next message that begins with `start`; those before it are passed over. "" when time is up.
  std::string wait_for(std::string_view start,
                       std::chrono::seconds patience = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const auto message = receive(std::max(left, std::chrono::milliseconds(0)));
      if (!message) return {};
      if (message->starts_with(start)) return *message;
    }
  }

  // All that were received.
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  int socket_;
  std::vector<std::string> messages_;
};

// The value of a variable in the message; "" if it has none.
inline std::string value_of(const std::string& message, const std::string& variable) {
  const std::string lines = '\n' + message + '\n';
  const std::size_t begin = lines.find('\n' + variable + '=');
  if (begin == std::string::npos) return {};
  const std::size_t value = begin + variable.size() + 2;
  return lines.substr(value, lines.find('\n', value) - value);
}
