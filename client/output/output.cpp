#include "client/output/output.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

#include "client/output/standard_stream.hpp"
#include "coro/descriptor.hpp"
#include "coro/error.hpp"

namespace client {
namespace {

namespace error = boost::asio::error;

constexpr int for_ever = -1;
constexpr int patience_with_errors = 1000;  // ms

error_code failure_of_standard_output;  // the first one

bool interrupt_is_the_end = true;

coro::Descriptor watch_for_the_end() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGHUP})
    ::sigaddset(&signals, signal);
  if (interrupt_is_the_end) ::sigaddset(&signals, SIGINT);
  return coro::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
}

// Until the reader takes something. A signal that the program waits for by signalfd(2) is blocked:
// it interrupts no system call, so this watches for one too.
error_code wait_for_reader(int descriptor, int patience) {
  static const auto pending = watch_for_the_end();
  std::array<pollfd, 2> events{{{descriptor, POLLOUT, 0}, {pending.number(), POLLIN, 0}}};
  const int ready = ::poll(events.data(), events.size(), patience);
  if (ready < 0) return coro::last_error();
  if (ready == 0) return error::timed_out;
  return events.front().revents != 0 ? error_code() : error_code(error::interrupted);
}

error_code write_all(int stream, const coro::Descriptor& own, std::string_view text, int patience) {
  // Others share the standard streams, where write(2) might block for ever. A blocking pipe that is
  // ready takes PIPE_BUF bytes at once (pipe(7)).
  const bool may_block = !own.is_open();
  const int descriptor = may_block ? stream : own.number();
  const auto most = may_block ? std::size_t{PIPE_BUF} : text.size();
  bool waits = may_block;
  while (!text.empty()) {
    if (waits)
      if (const auto error = wait_for_reader(descriptor, patience)) return error;
    const auto size = ::write(descriptor, text.data(), std::min(most, text.size()));
    if (size < 0 && errno != EAGAIN) return coro::last_error();
    if (size < 0)
      waits = true;
    else
      text.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

// The end of the reader of messages ends nothing.
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
  static const auto own = output_of_our_own(STDOUT_FILENO);
  static bool is_broken = false;
  static int patience = for_ever;  // until the end is asked for
  if (is_broken) return;
  const auto error = write_all(STDOUT_FILENO, own, text, patience);
  if (!error) return;
  if (!failure_of_standard_output) failure_of_standard_output = error;
  patience = patience_with_errors;
  is_broken = error != error::interrupted;
}

void keep_printing_at_interrupt() {
  interrupt_is_the_end = false;
}

error_code print_failure() {
  return failure_of_standard_output;
}

void print_error(std::string_view text) {
  static const auto own = output_of_our_own(STDERR_FILENO);
  static bool stands_still = false;  // the reader, who holds the run up once and not each time
  const WithoutBrokenPipe blocked;
  const auto error = write_all(STDERR_FILENO, own, text, stands_still ? 0 : patience_with_errors);
  stands_still = error == error::timed_out;
}

}  // namespace client
