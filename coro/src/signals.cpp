#include "coro/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <ctime>

#include "coro/error.hpp"

namespace coro {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals)
    ::sigaddset(&set, signal);
  return set;
}

int descriptor_for(const sigset_t& signals) {
  return checked(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

}  // namespace

Signals::Signals(Scheduler& scheduler, std::initializer_list<int> signals)
    : signals_(set_of(signals)),
      descriptor_(descriptor_for(signals_)),
      readiness_(scheduler, descriptor_.number()) {
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

// By another call than wait(): where the descriptor cannot be read they would end the process.
Signals::~Signals() {
  const timespec at_once{};
  while (::sigtimedwait(&signals_, nullptr, &at_once) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

boost::system::result<int> Signals::wait(Yield yield) {
  for (;;) {
    const auto signal = next();
    if (signal || signal.error() != boost::asio::error::would_block) return signal;
    if (const error_code error = readiness_.wait_readable(yield)) return error;
  }
}

// would_block if there is none.
boost::system::result<int> Signals::next() {
  signalfd_siginfo signal{};
  ssize_t size = 0;
  do {
    size = ::read(descriptor_.number(), &signal, sizeof signal);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return last_error();
  origin_ = {.kernel = signal.ssi_code == SI_KERNEL, .process = static_cast<pid_t>(signal.ssi_pid)};
  return static_cast<int>(signal.ssi_signo);
}

}  // namespace coro
