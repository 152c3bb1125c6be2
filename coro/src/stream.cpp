#include "coro/stream.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "coro/error.hpp"
#include "coro/scheduler.hpp"
#include "coro/task.hpp"
#include "detail/readiness_wait.hpp"
#include "detail/stream_call.hpp"

namespace coro {

using detail::bytes_in_a_turn;
using detail::StreamCall;

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

error_code unless_it_would_block(error_code error) {
  return error == boost::asio::error::would_block ? error_code() : error;
}

}  // namespace

Stream::Stream(Scheduler& scheduler, Descriptor socket, Trigger trigger)
    : socket_(std::move(socket)), readiness_(scheduler, socket_.number(), trigger) {}

// A read over TCP that does not fill its buffer has taken all there is (epoll(7)). One over a Unix
// socket may have stopped before a descriptor that is passed.
Trigger Stream::trigger_for(int socket) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
  return protocol == IPPROTO_TCP ? Trigger::edge : Trigger::level;
}

Stream::~Stream() {
  StreamCall::forget_stream(reading_);
  StreamCall::forget_stream(writing_);
}

Transfer Stream::read_some(boost::asio::mutable_buffer buffer, Yield yield) {
  StreamCall call(reading_);
  for (;;) {
    // To read first would be in vain nearly always: the answer to an echo is not there yet.
    const int error = readiness_.wait(readiness_.reader_, EPOLLIN, yield);
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    const std::size_t most = std::min(buffer.size(), bytes_in_a_turn(yield.scheduler()));
    const ssize_t size = ::recv(socket_.number(), buffer.data(), most, MSG_DONTWAIT);
    if (size == static_cast<ssize_t>(most)) [[unlikely]]
      readiness_.left_some();
    if (size > 0 && error == 0) return {{}, static_cast<std::size_t>(size)};
    const bool in_vain = size < 0 && error == 0 && errno == EAGAIN;  // another reader was faster
    if (!in_vain) return end_of_read(error, size, yield);
  }
}

Transfer Stream::write_some(boost::asio::const_buffer bytes, Yield yield) {
  StreamCall call(writing_);
  if (written_in_turn_ >= bytes_in_a_turn(yield.scheduler())) {
    yield.now();
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    written_in_turn_ = 0;
  }
  if (!full_ && !yield.is_cancelled()) {
    const Transfer written = write_within_turn(bytes, yield.scheduler());
    if (written.error || written.size > 0) return written;
  }
  for (;;) {
    const int error = readiness_.wait(readiness_.writer_, EPOLLOUT, yield);
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    written_in_turn_ = 0;
    const Transfer written = write_within_turn(bytes, yield.scheduler());
    if (error != 0) return interrupted(error, written, yield);
    if (written.error || written.size > 0) return written;
  }
}

Transfer Stream::write_within_turn(boost::asio::const_buffer bytes, const Scheduler& scheduler) {
  const std::size_t left = bytes_in_a_turn(scheduler) - written_in_turn_;
  const Transfer written = try_write(boost::asio::buffer(bytes, left));
  written_in_turn_ += written.size;
  return written;
}

// The coroutine hears of the end of the connection first. If it was asked to end, as opposed to
// running out of time, the request is made anew: none is lost between two operations.
Transfer Stream::interrupted(int error, Transfer last_look, Yield yield) {
  if (!last_look.error)
    return {error_code(error, boost::system::system_category()), last_look.size};
  const bool was_request = error == boost::asio::error::operation_aborted && !yield.is_cancelled();
  if (was_request) yield.task().cancel();
  return last_look;
}

Transfer Stream::try_read(boost::asio::mutable_buffer buffer) {
  const ssize_t size = ::recv(socket_.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size == static_cast<ssize_t>(buffer.size())) readiness_.left_some();
  if (size < 0 && errno == EAGAIN) readiness_.left_nothing();
  return outcome_of_read(size);
}

// Apart, so that what is rare costs the usual read nothing.
Transfer Stream::end_of_read(int error, ssize_t size, Yield yield) const {
  const Transfer read = outcome_of_read(size);
  return error != 0 ? interrupted(error, read, yield) : read;
}

// Puts a result of recv(2) into words.
Transfer Stream::outcome_of_read(ssize_t size) const {
  if (size > 0) return {{}, static_cast<std::size_t>(size)};
  if (size < 0) return {unless_it_would_block(last_error())};
  if (broken_by_ != 0) return {error_code(broken_by_, boost::system::system_category())};
  return {boost::asio::error::eof};
}

error_code Stream::why_nothing_was_written() {
  const error_code error = unless_it_would_block(last_error());
  // EPIPE is no news for recv(2): the end of the stream has come, or this error was here before.
  if (error && error != boost::asio::error::broken_pipe) broken_by_ = error.value();
  return error;
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
