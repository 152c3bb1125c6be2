#include "server/process/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

namespace server {
namespace {

bool is_hung_up(int terminal) {
  pollfd events{.fd = terminal, .events = 0, .revents = 0};
  return ::poll(&events, 1, 0) == 1;
}

}  // namespace

Terminal Terminal::controlling() {
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN) return {};
  return Terminal(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

bool Terminal::closed_by(const coro::Signals::Origin& hangup) const {
  if (!descriptor_.is_open()) return false;
  if (hangup.kernel) return true;
  if (hangup.process == 0 || hangup.process != ::getsid(0)) return false;
  // While its job is in the foreground a shell waits, so its user does not send this one.
  return is_hung_up(descriptor_.number()) || ::tcgetpgrp(descriptor_.number()) == ::getpgrp();
}

}  // namespace server
