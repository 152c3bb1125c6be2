#include "coro/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

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
    : descriptor_(descriptor_for(set_of(signals))), readiness_(scheduler, descriptor_.number()) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
}

Signals::~Signals() {
  while (next() != 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

boost::system::result<int> Signals::wait(Yield yield) {
  for (;;) {
    if (const int signal = next(); signal != 0) return signal;
    if (const error_code error = readiness_.wait_readable(yield)) return error;
  }
}

// 0 if there is none.
int Signals::next() {
  signalfd_siginfo signal{};
  const auto size = ::read(descriptor_.number(), &signal, sizeof signal);
  return size == sizeof signal ? static_cast<int>(signal.ssi_signo) : 0;
}

}  // namespace coro
