#include "client/output/standard_stream.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <climits>
#include <optional>
#include <string>

#include "coro/error.hpp"

namespace client {
namespace {

// Files, which are always ready: epoll(7) refuses to watch them.
bool is_always_ready(coro::error_code error) {
  return error == boost::asio::error::no_permission;
}

// None if it is no terminal (ioctl_tty(2)).
std::optional<unsigned int> device_of_terminal(int number) {
  unsigned int device = 0;
  return ::ioctl(number, TIOCGDEV, &device) == 0 ? std::optional(device) : std::nullopt;
}

}  // namespace

coro::Descriptor output_of_our_own(int number) {
  struct stat status = {};
  const bool is_pipe = ::fstat(number, &status) == 0 && S_ISFIFO(status.st_mode);
  const auto terminal = device_of_terminal(number);
  if (!is_pipe && !terminal) return {};
  const auto path = "/proc/self/fd/" + std::to_string(number);
  coro::Descriptor own(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  // The master of a terminal is another one each time that it is opened.
  if (device_of_terminal(own.number()) != terminal) own.close();
  return own;
}

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

StandardOutput::StandardOutput(coro::Scheduler& scheduler)
    : own_(output_of_our_own(STDOUT_FILENO)),
      number_(own_.is_open() ? own_.number() : STDOUT_FILENO),
      readiness_(scheduler, number_) {}

coro::error_code StandardOutput::write(std::span<const std::byte> bytes, coro::Yield yield) {
  while (!bytes.empty()) {
    const auto error = readiness_.wait_writable(yield);
    if (error && !is_always_ready(error)) return error;
    // A blocking pipe that is ready takes PIPE_BUF bytes at once (pipe(7)). A file takes all.
    const bool takes_what_it_can = own_.is_open() || error;
    const auto most = takes_what_it_can ? bytes.size() : std::size_t{PIPE_BUF};
    const auto size = ::write(number_, bytes.data(), std::min(most, bytes.size()));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return coro::last_error();
    if (size > 0) bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace client
