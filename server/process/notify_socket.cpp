#include "server/process/notify_socket.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cstddef>

#include "coro/error.hpp"

namespace server {

NotifySocket::NotifySocket(const std::string& address)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (address.size() < 2 || address.size() >= sizeof receiver_.sun_path ||
      (address.front() != '/' && address.front() != '@'))
    return;
  std::ranges::copy(address, receiver_.sun_path);
  if (address.front() == '@') receiver_.sun_path[0] = '\0';
  receiver_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
}

coro::error_code NotifySocket::send(std::string_view message) const {
  if (receiver_size_ == 0) return boost::asio::error::invalid_argument;
  const auto* const receiver = reinterpret_cast<const sockaddr*>(&receiver_);
  if (::sendto(socket_.number(), message.data(), message.size(), MSG_NOSIGNAL, receiver,
               receiver_size_) >= 0)
    return {};
  return coro::last_error();
}

}  // namespace server
