#include "server/process/daemon.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

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

TEST(Daemon, WithoutABeginningDetachingDoesNothing) {
  const pid_t session = ::getsid(0);
  Daemon().detach();
  EXPECT_EQ(session, ::getsid(0));
}

}  // namespace
}  // namespace server
