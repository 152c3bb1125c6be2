#include "server/process/daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <system_error>

namespace server {
namespace {

[[noreturn]] void throw_error(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

void discard(std::initializer_list<int> standard_streams) {
  const coro::Descriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere.is_open()) throw_error("/dev/null");
  for (const int stream : standard_streams)
    ::dup2(nowhere.number(), stream);
}

bool has_no_reader(int pipe) {
  pollfd events{.fd = pipe, .events = 0, .revents = 0};
  return ::poll(&events, 1, 0) > 0 && (events.revents & POLLERR) != 0;
}

// Waits until the child has detached or ended. Returns the exit code for the command.
int exit_code_of(pid_t child, int pipe) {
  char byte = 0;
  ssize_t size = 0;
  do {
    size = ::read(pipe, &byte, 1);
  } while (size < 0 && errno == EINTR);
  if (size == 1) return EXIT_SUCCESS;
  if (size < 0) {  // whether it serves is unknown, so it must end
    const int error = errno;
    ::kill(child, SIGTERM);
    errno = error;
    throw_error("read");
  }

  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended < 0) throw_error("waitpid");
  if (WIFEXITED(status)) {  // a child that was stopped while it started does not serve either
    const int exit_code = WEXITSTATUS(status);
    return exit_code == EXIT_SUCCESS ? EX_UNAVAILABLE : exit_code;
  }
  std::cerr << "coroecho: ended by signal " << WTERMSIG(status) << '\n';
  return EX_SOFTWARE;
}

}  // namespace

std::optional<int> Daemon::begin(int first_unwanted) {
  ::close_range(static_cast<unsigned>(first_unwanted), ~0U, 0);
  // The starter may ignore it, and that is inherited; the status of the child would be lost then.
  std::signal(SIGCHLD, SIG_DFL);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw_error("pipe2");
  const pid_t child = ::fork();
  if (child < 0) throw_error("fork");
  if (child > 0) {
    ::close(pipe[1]);  // otherwise the end of the child would not be the end of the pipe
    return exit_code_of(child, pipe[0]);
  }
  // If the command is ended while it waits, the service ends, too.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::close(pipe[0]);
  parent_ = coro::Descriptor(pipe[1]);
  // The command was ended before, so no signal comes (prctl(2)). getppid(2) would not show it: it
  // is 0 for a parent in another PID namespace.
  if (has_no_reader(pipe[1])) ::_exit(EX_UNAVAILABLE);
  discard({STDIN_FILENO, STDOUT_FILENO});
  return std::nullopt;
}

void Daemon::go_on() {
  if (::chdir("/") != 0) throw_error("chdir");
}

// Ctrl-C ends a start that takes long, so the child detaches only when it serves.
void Daemon::detach() {
  if (!attached()) return;
  // Otherwise it would end with the command.
  if (::prctl(PR_SET_PDEATHSIG, 0) != 0) throw_error("prctl");
  ::setsid();
  go_on();
  discard({STDERR_FILENO});
  const char byte = 0;
  // The parent may be gone; that changes nothing. Without the byte it would wait for ever.
  if (::write(parent_.number(), &byte, 1) < 0 && errno != EPIPE) throw_error("write");
  parent_.close();
}

}  // namespace server
