#include "client/output/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "coro/error.hpp"

namespace client {
namespace {

constexpr int for_ever = -1;
constexpr int patience_with_errors = 1000;  // ms

error_code failure_of_standard_output;

// A signal that is caught interrupts it, so that who waits for a reader can be ended.
error_code write_all(int descriptor, std::string_view text, int patience) {
  while (!text.empty()) {
    const auto size = ::write(descriptor, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {  // somebody else made it non-blocking
      pollfd writable{descriptor, POLLOUT, 0};
      const int ready = ::poll(&writable, 1, patience);
      if (ready < 0) return coro::last_error();
      if (ready == 0) return boost::system::errc::make_error_code(boost::system::errc::timed_out);
    } else {
      return coro::last_error();
    }
  }
  return {};
}

// A reader of messages who is gone ends nothing.
class WithoutBrokenPipe {
 public:
  WithoutBrokenPipe() {
    ::sigemptyset(&broken_pipe_);
    ::sigaddset(&broken_pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe_, &before_);
  }
  ~WithoutBrokenPipe() {
    const timespec at_once{};
    if (::sigismember(&before_, SIGPIPE) == 0) ::sigtimedwait(&broken_pipe_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutBrokenPipe(const WithoutBrokenPipe&) = delete;
  WithoutBrokenPipe& operator=(const WithoutBrokenPipe&) = delete;
  WithoutBrokenPipe(WithoutBrokenPipe&&) = delete;
  WithoutBrokenPipe& operator=(WithoutBrokenPipe&&) = delete;

 private:
  sigset_t broken_pipe_{};
  sigset_t before_{};
};

}  // namespace

void print(std::string_view text) {
  if (!failure_of_standard_output)
    failure_of_standard_output = write_all(STDOUT_FILENO, text, for_ever);
}

error_code print_failure() {
  return failure_of_standard_output;
}

void print_error(std::string_view text) {
  const WithoutBrokenPipe blocked;
  static_cast<void>(write_all(STDERR_FILENO, text, patience_with_errors));
}

}  // namespace client
