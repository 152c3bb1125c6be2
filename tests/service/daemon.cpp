#include "tests/service/daemon.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/service/file_descriptor.hpp"

namespace service {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void wait_for_content(const std::filesystem::path& path, const std::string& part) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (content(path).find(part) == std::string::npos) {
    ASSERT_LT(Clock::now(), deadline) << path << ": " << content(path);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::unique_ptr<Process> the_one_of_eight_that_serves(const std::vector<std::string>& command) {
  std::vector<std::unique_ptr<Process>> started;
  for (int i = 0; i < 8; ++i)
    started.push_back(std::make_unique<Process>(command));
  std::unique_ptr<Process> serving;
  for (auto& process : started) {
    try {
      process->output().wait_for_line("listening on ");
      EXPECT_EQ(nullptr, serving);
      serving = std::move(process);
    } catch (const std::runtime_error&) {
      EXPECT_EQ(69, process->wait());  // EX_UNAVAILABLE of sysexits.h
    }
  }
  if (!serving) throw std::runtime_error("none of eight serves");
  return serving;
}

DaemonTest::DaemonTest() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

DaemonTest::~DaemonTest() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

std::vector<std::string> DaemonTest::command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"env", "-C", directory_.path(), COROECHO};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

void DaemonTest::start(const std::string& more, const std::string& script) {
  directory_.write("echo.yaml", "{host: [], unix: echo.sock, log: {file: echo.log}" + more + "}");
  std::vector<std::string> words = {"sh", "-c", script, "sh"};
  const auto starter = command({"--daemon", "--pidfile", "echo.pid", "--config", "echo.yaml"});
  words.insert(words.end(), starter.begin(), starter.end());
  const Finished parent = run(words);
  ASSERT_EQ(0, parent.exit_code) << parent.errors;
  EXPECT_EQ("", parent.output + parent.errors);
  pid_ = std::stoi(content(path("echo.pid")));
}

void DaemonTest::expect_exit(int exit_code) {
  const FileDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open");
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(1, poll(&ended, 1, milliseconds_until(Clock::now() + patience)));
  int status = 0;
  ASSERT_EQ(pid_, waitpid(pid_, &status, 0));
  pid_ = 0;
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(exit_code, WEXITSTATUS(status));
}

void DaemonTest::expect_refusal(const std::vector<std::string>& arguments, int exit_code,
                                const std::string& message) {
  std::vector<std::string> all = {"--daemon"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Finished parent = run(command(all));
  EXPECT_EQ(exit_code, parent.exit_code);
  EXPECT_THAT(parent.errors, testing::HasSubstr(message));
  EXPECT_EQ("", parent.output);
  EXPECT_EQ(-1, waitpid(-1, nullptr, WNOHANG)) << "a process is left";
}

}  // namespace service
