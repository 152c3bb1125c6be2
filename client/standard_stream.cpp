#include "client/standard_stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace client {
namespace {

coro::error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool takes_more(int descriptor) {
  pollfd query{descriptor, POLLOUT, 0};
  return ::poll(&query, 1, 0) == 1;
}

}  // namespace

StandardInput::StandardInput(const coro::Executor& executor)
    : readable_(executor, STDIN_FILENO, Readiness::For::reading) {}

StandardInput::Read StandardInput::read_some(std::span<std::byte> buffer, coro::Yield yield) {
  for (;;) {
    if (const auto error = readable_.wait(yield)) return {error};
    const auto size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size >= 0) return {{}, static_cast<std::size_t>(size)};
    // EAGAIN: somebody else made it non-blocking, and somebody else was faster.
    if (errno != EINTR && errno != EAGAIN) return {last_error()};
  }
}

StandardOutput::StandardOutput(const coro::Executor& executor)
    : writable_(executor, STDOUT_FILENO, Readiness::For::writing) {}

coro::error_code StandardOutput::write(std::span<const std::byte> bytes, coro::Yield yield) {
  while (!bytes.empty()) {
    if (!writable_.always() && !takes_more(STDOUT_FILENO)) {
      if (const auto error = writable_.wait(yield)) return error;
    }
    // A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)); a file takes
    // everything.
    const auto most = writable_.always() ? bytes.size() : std::size_t{PIPE_BUF};
    const auto size = ::write(STDOUT_FILENO, bytes.data(), std::min(most, bytes.size()));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return last_error();
    if (size > 0) bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace client
