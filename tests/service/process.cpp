#include "tests/service/process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <utility>

namespace service {

namespace {

// Runs in the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& command, int input, int output, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_DFL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  execvp(command.front(), command.data());
  _exit(127);
}

pid_t start(const std::vector<std::string>& command, int input, int output, int errors) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execvp(3) does not write to it
  }
  arguments.push_back(nullptr);
  // A write to a program that has closed its input must return an error, not end the test.
  std::signal(SIGPIPE, SIG_IGN);
  const pid_t pid = fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) become(arguments, input, output, errors);
  return pid;
}

}  // namespace

Process::Process(const std::vector<std::string>& command) : Process(command, Pipes()) {}

Process::Process(const std::vector<std::string>& command, Pipes pipes)
    : pid_(start(command, pipes.input.read_end.get(), pipes.output.write_end.get(),
                 pipes.errors.write_end.get())),
      handle_(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"),
      input_(std::move(pipes.input.write_end)),
      output_(std::move(pipes.output.read_end)),
      errors_(std::move(pipes.errors.read_end)) {}

Process::~Process() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Process::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(input_.get(), bytes.data(), bytes.size());
    if (size < 0 && errno == EPIPE) return false;
    if (size < 0) throw_errno("write");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void Process::close_input() {
  input_.close();
}

void Process::signal(int number) const {
  if (kill(pid_, number) != 0) throw_errno("kill");
}

int Process::wait(std::chrono::milliseconds timeout) {
  if (exit_code_) return *exit_code_;
  pollfd ended{.fd = handle_.get(), .events = POLLIN, .revents = 0};
  if (poll(&ended, 1, static_cast<int>(timeout.count())) != 1) {
    throw std::runtime_error("the program did not end; its output is:\n" + output_.text() +
                             errors_.text());
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) throw_errno("waitpid");
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *exit_code_;
}

Finished run(const std::vector<std::string>& command, std::string_view input) {
  Process process(command);
  process.write(input);
  process.close_input();
  const int exit_code = process.wait();
  return {exit_code, process.output().wait_for_end(), process.errors().wait_for_end()};
}

bool can_make_networks() {
  const auto tried = run({"unshare", "--map-root-user", "--net", "bash", "-c",
                          "command -v ip tc nsenter && ip link set lo up"});
  return tried.exit_code == 0;
}

}  // namespace service
