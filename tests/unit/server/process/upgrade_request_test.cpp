#include "server/process/upgrade_request.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "server/process/pid_file.hpp"
#include "tests/temporary_directory.hpp"

namespace server {
namespace {

using testing::HasSubstr;

// A child process plays the service: it holds the pid file, and does `react` when it gets the
// signal.
class UpgradeRequestTest : public testing::Test {
 protected:
  ~UpgradeRequestTest() override {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  void serve(const std::function<void(const PidFile&)>& react, bool knows_the_signal = true) {
    std::array<int, 2> ready{};
    ASSERT_EQ(0, ::pipe(ready.data()));
    child_ = ::fork();
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      sigset_t signals;
      ::sigemptyset(&signals);
      ::sigaddset(&signals, SIGRTMIN);
      if (knows_the_signal) ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
      const PidFile file(path_);
      const int descriptor = ::signalfd(-1, &signals, 0);  // sigwait(3) would unblock it meanwhile
      ::close(ready[1]);
      signalfd_siginfo signal{};
      while (::read(descriptor, &signal, sizeof signal) == sizeof signal)
        react(file);
      ::_exit(1);
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(0, ::read(ready[0], &byte, 1));
    ::close(ready[0]);
  }

  template <typename Error>
  std::string error(std::chrono::seconds limit = std::chrono::seconds(30)) const {
    try {
      request_upgrade(path_, limit);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  std::string process() const { return "process " + std::to_string(child_); }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "coroecho.pid";
  pid_t child_ = 0;
};

TEST_F(UpgradeRequestTest, ReturnsOnceTheProcessIsUpgraded) {
  serve([](const PidFile& file) { file.report_upgraded(); });
  request_upgrade(path_);
  request_upgrade(path_);
}

TEST_F(UpgradeRequestTest, FailsIfTheProcessGoesOnWithTheOldProgram) {
  serve([](const PidFile& file) { file.report_not_upgraded(); });
  EXPECT_EQ(process() + " is not upgraded, its log says why", error<std::runtime_error>());
  EXPECT_EQ(process() + " is not upgraded, its log says why", error<std::runtime_error>());
}

TEST_F(UpgradeRequestTest, FailsIfTheProcessEnds) {
  serve([](const PidFile&) { ::_exit(78); });
  EXPECT_EQ(process() + " has ended", error<std::runtime_error>());
}

TEST_F(UpgradeRequestTest, FailsIfThereIsNoResultInTime) {
  serve([](const PidFile&) {});
  EXPECT_EQ(process() + " has not upgraded within 0 s",
            error<std::runtime_error>(std::chrono::seconds(0)));
}

// A release that cannot upgrade would be ended by the signal, as would any other process.
TEST_F(UpgradeRequestTest, SignalsNoProcessThatTheSignalWouldEnd) {
  serve([](const PidFile&) {}, false);
  EXPECT_EQ(process() + " cannot upgrade in place", error<std::runtime_error>());
  EXPECT_EQ(0, ::waitpid(child_, nullptr, WNOHANG));
}

TEST_F(UpgradeRequestTest, WithoutAProcessThatHoldsThePidFileThereIsNoneToUpgrade) {
  const std::string where = "pid file '" + path_ + "': ";
  EXPECT_EQ(where + "No such file or directory", error<NotRunning>());
  for (const std::string number : {"4194305\n", "", "99999999999999999999\n", "0\n"}) {
    directory_.write("coroecho.pid", number);
    EXPECT_EQ(where + "no process that runs holds it", error<NotRunning>()) << number;
  }
  directory_.write("coroecho.pid", std::to_string(::getpid()) + '\n');
  EXPECT_EQ(where + "no process that runs holds it", error<NotRunning>());
  directory_.write("coroecho.pid", "precious");
  EXPECT_EQ(where + "is no pid file", error<NotRunning>());
}

}  // namespace
}  // namespace server
