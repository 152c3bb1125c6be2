#include "coro/stream.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "coro/error.hpp"

namespace coro {
namespace {

std::size_t count(int socket, unsigned long request) {
  int bytes = 0;
  return ::ioctl(socket, request, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

// After a reset the kernel still counts what it has given up.
bool is_over(int socket) {
  std::uint8_t state = 0;  // tcpi_state, the first member of tcp_info
  socklen_t size = sizeof state;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 && state == TCP_CLOSE;
}

}  // namespace

Stream::Stream(Scheduler& scheduler, Descriptor socket)
    : socket_(std::move(socket)), readiness_(scheduler, socket_.number()) {}

std::size_t Stream::receive(boost::asio::mutable_buffer buffer, error_code& error) {
  const ssize_t size = ::recv(socket_.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size > 0) return static_cast<std::size_t>(size);
  if (size < 0)
    error = last_error();
  else if (broken_by_ != 0)
    error = error_code(broken_by_, boost::system::system_category());
  else
    error = boost::asio::error::eof;
  return 0;
}

std::size_t Stream::send(boost::asio::const_buffer bytes, error_code& error) {
  const ssize_t size =
      ::send(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size >= 0) return static_cast<std::size_t>(size);
  error = last_error();
  // EPIPE is no news for recv(2): the end of the stream has come, or this error was here before.
  if (error != boost::asio::error::would_block && error != boost::asio::error::broken_pipe)
    broken_by_ = error.value();
  return 0;
}

std::size_t Stream::available() const {
  return count(socket_.number(), FIONREAD);
}

std::size_t Stream::unacknowledged() const {
  const std::size_t bytes = count(socket_.number(), SIOCOUTQ);
  return bytes > 0 && is_over(socket_.number()) ? 0 : bytes;
}

void Stream::finish_sending() {
  ::shutdown(socket_.number(), SHUT_WR);
}

void Stream::reset_on_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace coro
