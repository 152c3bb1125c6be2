#include "tests/service/client_pty.hpp"
#include "tests/service/patience.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace service {
namespace {

[[noreturn]] void become_on_terminal(const std::vector<std::string>& command,
                                     const Pty::Options& options, const std::string& home,
                                     int terminal) {
  ::setsid();
  ::ioctl(terminal, TIOCSCTTY, 0);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(terminal, stream);
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("TERM", "xterm", 1);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  for (const auto* const name : {"NO_COLOR", "EDITRC", "COROECHO_HISTFILE"})
    ::unsetenv(name);
  for (const auto& [name, value] : options.environment) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }
  std::vector<char*> arguments;
  for (const auto& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  ::_exit(127);
}

}  // namespace

Pty::Pty(const std::vector<std::string>& command) : Pty(command, Options{}) {}

Pty::Pty(const std::vector<std::string>& command, const Options& options) {
  const winsize size{options.size.rows, options.size.columns, 0, 0};
  int master = -1;
  int terminal = -1;
  if (::openpty(&master, &terminal, nullptr, nullptr, &size) != 0) throw_errno("openpty");
  master_ = FileDescriptor(master, "openpty");
  terminal_ = FileDescriptor(terminal, "openpty");
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
  const auto home = home_.path().string();
  pid_ = ::fork();
  if (pid_ == 0) become_on_terminal(command, options, home, terminal);
  if (pid_ < 0) throw_errno("fork");
}

Pty::~Pty() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

// Reads the client's output meanwhile, so that neither waits for the other.
void Pty::type(std::string_view bytes) {
  constexpr std::size_t piece = 512;
  while (!bytes.empty()) {
    const auto size = ::write(master_.get(), bytes.data(), std::min(piece, bytes.size()));
    if (size < 0) throw_errno("write");
    bytes.remove_prefix(static_cast<std::size_t>(size));
    read_some();
  }
}

void Pty::resize(Size size) {
  const winsize wanted{size.rows, size.columns, 0, 0};
  if (::ioctl(master_.get(), TIOCSWINSZ, &wanted) != 0) throw_errno("ioctl");
}

bool Pty::read_some() {
  pollfd readable{master_.get(), POLLIN, 0};
  if (::poll(&readable, 1, glance) <= 0 || (readable.revents & POLLIN) == 0) return false;
  std::array<char, 65536> bytes{};
  const auto size = ::read(master_.get(), bytes.data(), bytes.size());
  if (size <= 0) return false;
  written_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

void Pty::wait_for(std::string_view text) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto found = written_.find(text, waited_for_);
    if (found != std::string::npos) {
      waited_for_ = found + text.size();
      return;
    }
    if (read_some()) continue;
    siginfo_t info{};
    const bool ended =
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid_;
    if (ended || Clock::now() > deadline) {
      throw std::runtime_error("the terminal never got '" + std::string(text) + "':\n" + written_);
    }
  }
}

bool Pty::edits_itself() const {
  termios modes{};
  if (::tcgetattr(terminal_.get(), &modes) != 0) throw_errno("tcgetattr");
  return (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ECHO) != 0;
}

int Pty::wait() {
  const auto deadline = Clock::now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    read_some();
    if (Clock::now() > deadline) throw std::runtime_error("it never ended:\n" + written_);
  }
  while (read_some()) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace service
