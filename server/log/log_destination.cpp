#include "server/log/log_destination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/errc.hpp>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "coro/error.hpp"

namespace server {
namespace {

// Returns the number of bytes that a system call has written.
template <typename Call>
boost::system::result<std::size_t> uninterrupted(Call call) {
  ssize_t written = call();
  while (written < 0 && errno == EINTR)
    written = call();
  if (written < 0) return coro::last_error();
  return static_cast<std::size_t>(written);
}

bool writable(int descriptor, std::chrono::milliseconds limit) {
  pollfd events{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&events, 1, static_cast<int>(limit.count())) > 0;
}

boost::system::result<std::size_t> write_some(int descriptor, std::string_view bytes) {
  return uninterrupted([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
}

// For a descriptor whose write() may wait: a pipe that polls as writable takes PIPE_BUF bytes
// without (pipe(7)).
boost::system::result<std::size_t> write_while_writable(int descriptor, std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size() && writable(descriptor, std::chrono::milliseconds(0))) {
    const auto result = write_some(descriptor, bytes.substr(written, PIPE_BUF));
    if (result.has_error() && written == 0) return result;
    if (result.has_error()) return written;
    written += result.value();
  }
  if (written == 0) return make_error_code(boost::system::errc::operation_would_block);
  return written;
}

}  // namespace

LogDestination LogDestination::inherited(int descriptor) {
  struct stat status {};
  Method method = Method::write;
  if (::fstat(descriptor, &status) != 0) {
    method = Method::poll_and_write;  // unknown
  } else if (S_ISSOCK(status.st_mode)) {
    method = Method::send;
  } else if (!S_ISREG(status.st_mode)) {
    const auto path = fmt::format("/proc/self/fd/{}", descriptor);
    const int reopened = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (reopened >= 0) return {reopened, Method::write};
    // A pipe or terminal of another user.
    method = Method::poll_and_write;
  }
  const int duplicate = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  return {duplicate, duplicate < 0 ? Method::write : method};
}

boost::system::result<LogDestination> LogDestination::file(const std::string& path) {
  // O_NONBLOCK is for a named pipe, which would wait for its reader here and at every write.
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
  if (descriptor < 0) return coro::last_error();
  return LogDestination(descriptor, Method::write);
}

boost::system::result<std::size_t> LogDestination::write(std::string_view bytes) const {
  const int descriptor = descriptor_.number();
  if (method_ == Method::poll_and_write) return write_while_writable(descriptor, bytes);
  if (method_ == Method::write) return write_some(descriptor, bytes);
  return uninterrupted(
      [&] { return ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

bool LogDestination::wait_writable(std::chrono::milliseconds limit) const {
  return writable(descriptor_.number(), limit);
}

bool LogDestination::is(const std::string& path) const {
  struct stat open {};
  struct stat named {};
  return ::fstat(descriptor_.number(), &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

std::string LogDestination::identity() const {
  struct stat status {};
  if (::fstat(descriptor_.number(), &status) != 0) return "";
  return fmt::format("{}:{}", status.st_dev, status.st_ino);
}

bool LogDestination::journal() const {
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && *stream != '\0' && stream == identity();
}

}  // namespace server
