#include "client/standard_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <climits>

#include "coro/error.hpp"

namespace client {
namespace {

// What epoll(7) refuses to watch: files, which are always ready.
bool is_always_ready(coro::error_code error) {
  return error == boost::asio::error::no_permission;
}

}  // namespace

StandardInput::StandardInput(coro::Scheduler& scheduler) : readiness_(scheduler, STDIN_FILENO) {}

StandardInput::Read StandardInput::read_some(std::span<std::byte> buffer, coro::Yield yield) {
  for (;;) {
    const auto error = readiness_.wait_readable(yield);
    if (error && !is_always_ready(error)) return {error};
    const auto size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size >= 0) return {{}, static_cast<std::size_t>(size)};
    // EAGAIN: somebody else made it non-blocking, and somebody else was faster.
    if (errno != EINTR && errno != EAGAIN) return {coro::last_error()};
  }
}

StandardOutput::StandardOutput(coro::Scheduler& scheduler) : readiness_(scheduler, STDOUT_FILENO) {}

coro::error_code StandardOutput::write(std::span<const std::byte> bytes, coro::Yield yield) {
  while (!bytes.empty()) {
    const auto error = readiness_.wait_writable(yield);
    if (error && !is_always_ready(error)) return error;
    // A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)); a file takes
    // everything.
    const auto most = error ? bytes.size() : std::size_t{PIPE_BUF};
    const auto size = ::write(STDOUT_FILENO, bytes.data(), std::min(most, bytes.size()));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return coro::last_error();
    if (size > 0) bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace client
