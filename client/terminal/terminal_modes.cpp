#include "client/terminal/terminal_modes.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "client/terminal/bracketed_paste.hpp"

namespace client {
namespace {

// These end a process unless they are caught.
constexpr std::array deadly_signals = {SIGHUP,  SIGINT,  SIGQUIT,   SIGTERM, SIGABRT, SIGALRM,
                                       SIGBUS,  SIGFPE,  SIGILL,    SIGIO,   SIGPIPE, SIGPROF,
                                       SIGPWR,  SIGSEGV, SIGSTKFLT, SIGSYS,  SIGTRAP, SIGUSR1,
                                       SIGUSR2, SIGXCPU, SIGVTALRM};

// A signal handler reaches nothing but such variables.
termios before{};
volatile std::sig_atomic_t taken = 0;

// Not if nobody reads what is on the terminal, where write(2) would block. A slow line takes some
// again in time.
bool takes_output() {
  constexpr int patience = 1000;  // ms
  pollfd events{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&events, 1, patience) == 1 && (events.revents & POLLOUT) != 0;
}

void write_sequence(std::string_view sequence) {
  if (!takes_output()) return;
  [[maybe_unused]] const auto size = ::write(STDOUT_FILENO, sequence.data(), sequence.size());
}

void set(const termios& modes) {
  while (::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) != 0 && errno == EINTR) {
  }
}

void give_back_and_die(int signal) {
  give_terminal_back();
  std::raise(signal);  // its disposition is the default again
}

void catch_deadly(int signal) {
  struct sigaction action {};
  action.sa_handler = give_back_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  struct sigaction old {};
  const bool ends = ::sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_DFL;
  if (ends) ::sigaction(signal, &action, nullptr);
}

void catch_deadly_signals() {
  for (const int signal : deadly_signals)
    catch_deadly(signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal)
    catch_deadly(signal);
}

// A handler of SIGSEGV needs one when the stack has overflowed. A sanitizer has set one already.
void provide_a_stack_for_signals() {
  stack_t given{};
  if (::sigaltstack(nullptr, &given) != 0 || (given.ss_flags & SS_DISABLE) == 0) return;
  static std::array<std::byte, 16384> memory;
  const stack_t stack{.ss_sp = memory.data(), .ss_flags = 0, .ss_size = memory.size()};
  ::sigaltstack(&stack, nullptr);
}

}  // namespace

void remember_terminal_modes() {
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return;
  provide_a_stack_for_signals();
  catch_deadly_signals();
  static_cast<void>(std::atexit(give_terminal_back));
}

void take_terminal() {
  termios editing = before;
  editing.c_iflag |= static_cast<tcflag_t>(ICRNL);
  editing.c_iflag &= ~static_cast<tcflag_t>(INLCR | IGNCR);
  editing.c_oflag |= static_cast<tcflag_t>(OPOST | ONLCR);
  editing.c_lflag |= static_cast<tcflag_t>(ISIG);
  editing.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);
  editing.c_cc[VMIN] = 1;
  editing.c_cc[VTIME] = 0;
  taken = 1;
  set(editing);
  write_sequence(BracketedPaste::enable);
}

void give_terminal_back() {
  const bool in_foreground = ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  if (taken == 0 || !in_foreground) return;
  taken = 0;
  ::tcflow(STDOUT_FILENO, TCOON);  // after Ctrl-S it would take nothing
  if (!takes_output()) ::tcflush(STDOUT_FILENO, TCOFLUSH);
  write_sequence("\033[0m");
  write_sequence(BracketedPaste::disable);
  set(before);
}

}  // namespace client
