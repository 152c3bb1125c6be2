#include "server/log_destination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

namespace server {
namespace {

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

template <class Call>
ssize_t uninterrupted(Call call) {
  ssize_t result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

bool writable(int descriptor, std::chrono::milliseconds limit) {
  pollfd events{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&events, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace

LogDestination LogDestination::inherited(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return {-1, Method::write};
  }
  Method method = Method::write;
  if (S_ISSOCK(status.st_mode)) {
    method = Method::send;
  } else if (!S_ISREG(status.st_mode)) {
    const auto path = fmt::format("/proc/self/fd/{}", descriptor);
    const int reopened = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (reopened >= 0) {
      return {reopened, Method::write};
    }
    // A pipe or terminal of another user.
    method = Method::poll_and_write;
  }
  return {::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), method};
}

boost::system::result<LogDestination> LogDestination::file(const std::string& path) {
  // O_NONBLOCK is for a named pipe, which would wait for its reader here and at every write.
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return last_error();
  }
  return LogDestination(descriptor, Method::write);
}

LogDestination::LogDestination(LogDestination&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), method_(other.method_) {}

LogDestination& LogDestination::operator=(LogDestination&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(method_, other.method_);
  return *this;
}

LogDestination::~LogDestination() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

boost::system::result<std::size_t> LogDestination::write(std::string_view bytes) const {
  const ssize_t written = uninterrupted([&]() -> ssize_t {
    switch (method_) {
      case Method::write:
        return ::write(descriptor_, bytes.data(), bytes.size());
      case Method::send:
        return ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      case Method::poll_and_write:
        if (!writable(descriptor_, std::chrono::milliseconds(0))) {
          errno = EAGAIN;
          return -1;
        }
        // A pipe that polls as writable takes this much without waiting (pipe(7)).
        return ::write(descriptor_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    }
    return -1;
  });
  if (written < 0) {
    return last_error();
  }
  return static_cast<std::size_t>(written);
}

bool LogDestination::wait_writable(std::chrono::milliseconds limit) const {
  return writable(descriptor_, limit);
}

bool LogDestination::journal() const {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(descriptor_, &status) == 0 &&
         stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

}  // namespace server
