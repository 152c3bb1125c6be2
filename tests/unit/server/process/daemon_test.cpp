#include "server/process/daemon.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <optional>

namespace server {
namespace {

// The exit code of a process that does `prepare` and begins a daemon, which then does `serve` and
// ends with exit code 3.
int exit_code_of_starter(
    const std::function<void(Daemon&)>& serve, const std::function<void()>& prepare = [] {}) {
  const pid_t starter = ::fork();
  if (starter == 0) {
    prepare();
    Daemon daemon;
    const std::optional<int> exit_code = daemon.begin(3);
    if (exit_code) ::_exit(*exit_code);
    serve(daemon);
    ::_exit(3);
  }
  int status = 0;
  EXPECT_EQ(starter, ::waitpid(starter, &status, 0));
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST(Daemon, LetsItsStarterGoWhenItDetaches) {
  EXPECT_EQ(0, exit_code_of_starter([](Daemon& daemon) { daemon.detach(); }));
}

TEST(Daemon, ItsExitCodeIsTheStartersIfItEndsBefore) {
  EXPECT_EQ(3, exit_code_of_starter([](Daemon&) {}));
}

TEST(Daemon, ItsExitCodeIsTheStartersWhereSigchldIsIgnored) {
  const auto ignore = [] { std::signal(SIGCHLD, SIG_IGN); };
  EXPECT_EQ(3, exit_code_of_starter([](Daemon&) {}, ignore));
}

TEST(Daemon, IsAttachedUntilItDetaches) {
  EXPECT_EQ(0, exit_code_of_starter([](Daemon& daemon) {
              if (daemon.attached()) daemon.detach();
            }));
  EXPECT_FALSE(Daemon().attached());
}

TEST(Daemon, EndedByASignalBeforeIsAnInternalErrorOfTheStarter) {
  EXPECT_EQ(EX_SOFTWARE, exit_code_of_starter([](Daemon&) { std::raise(SIGKILL); }));
}

// No signal of its death comes then (PR_SET_PDEATHSIG, prctl(2)).
TEST(Daemon, EndsIfItsStarterWasKilledRightAfterTheFork) {
  static pid_t starter_process = 0;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    starter_process = ::getpid();
    const auto wait_for_its_end = [] {
      while (::getppid() == starter_process)
        ::usleep(1000);
    };
    ::pthread_atfork(
        nullptr, [] { std::raise(SIGKILL); }, wait_for_its_end);
    ::dup2(pipe[1], 3);
    Daemon daemon;
    if (daemon.begin(4)) ::_exit(1);
    ::_exit(::write(3, "served", 6) == 6 ? 0 : 1);
  }
  ::close(pipe[1]);
  std::array<char, 8> bytes{};
  EXPECT_EQ(0, ::read(pipe[0], bytes.data(), bytes.size()));
  ::close(pipe[0]);
  int status = 0;
  EXPECT_EQ(starter, ::waitpid(starter, &status, 0));
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Daemon, WithoutABeginningDetachingDoesNothing) {
  const pid_t session = ::getsid(0);
  Daemon().detach();
  EXPECT_EQ(session, ::getsid(0));
}

}  // namespace
}  // namespace server
