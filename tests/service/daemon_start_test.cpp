#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/service/daemon.hpp"
#include "tests/service/server.hpp"
#include "tests/service/slow_names.hpp"

// --daemon, started by scripts and init systems in unusual states.
namespace service {
namespace {

namespace fs = std::filesystem;

class ClosedStreams : public DaemonTest, public testing::WithParamInterface<std::string> {
 protected:
  void expect_service() {
    EXPECT_EQ("hello", SocketClient(path("echo.sock")).echo("hello"));
    const fs::path streams = "/proc/" + std::to_string(pid_) + "/fd";
    for (const std::string stream : {"0", "1", "2"})
      EXPECT_EQ("/dev/null", fs::read_symlink(streams / stream));
    kill(pid_, SIGTERM);
    expect_exit(0);
  }
};

TEST_P(ClosedStreams, LeaveADaemonThatServesAndWritesNowhereElse) {
  start("", "exec \"$@\" " + GetParam());
  EXPECT_EQ(std::to_string(pid_) + '\n', content(path("echo.pid")));
  expect_service();
}

// The socket gets the first number after those of the standard streams, closed or not.
TEST_P(ClosedStreams, LeaveInheritedSocketsTheirNumbers) {
  const std::string script =
      "import os, socket, sys\n"
      "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
      "os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
      "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
      "os.execvp('sh', ['sh', '-c', sys.argv[2], 'sh', *sys.argv[3:]])";
  directory_.write("listen.py", script);
  start("", "exec python3 " + path("listen.py").string() + " " + path("echo.sock").string() +
                " 'exec \"$@\" " + GetParam() + "' \"$@\"");
  expect_service();
}

INSTANTIATE_TEST_SUITE_P(EachOf, ClosedStreams,
                         testing::Values("<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-",
                                         "<&- >&- 2>&-"));

TEST(ClosedStream, OfAServiceInTheForegroundTakesNothingThatIsForAnother) {
  Server server("", {"--host", "127.0.0.1", "--port", "0"},
                {"sh", "-c", R"(exec "$@" <&- 2>&-)", "sh"});
  EXPECT_EQ("hello", server.connect().echo("hello"));
  const fs::path streams = "/proc/" + std::to_string(server.process().pid()) + "/fd";
  EXPECT_EQ("/dev/null", fs::read_symlink(streams / "0"));
  EXPECT_EQ("/dev/null", fs::read_symlink(streams / "2"));
}

TEST_F(DaemonTest, AFailedStartIsNoSuccessWhereSigchldIsIgnored) {
  const Server other;
  const Finished parent = run({"env", "--ignore-signal=CHLD", COROECHO, "--daemon", "--host",
                               "127.0.0.1", "--port", std::to_string(other.port())});
  EXPECT_EQ(69, parent.exit_code);  // EX_UNAVAILABLE of sysexits.h
}

// The name server does not answer, so that the command waits.
class SlowStart : public DaemonTest {
 protected:
  SlowStart() {
    directory_.write("echo.yaml", "{host: example.test, log: {file: echo.log}}");
    std::vector<std::string> command = {"env", "-C", directory_.path()};
    command.insert(command.end(), slow_names.begin(), slow_names.end());
    command.insert(command.end(),
                   {COROECHO, "--daemon", "--pidfile", "echo.pid", "--config", "echo.yaml"});
    starter_.emplace(command);
    wait_for_content(path("echo.log"), "stacks guarded by");
    pid_ = std::stoi(content(path("echo.pid")));
  }
  // The daemon has the command's output too, so this must come before its end.
  ~SlowStart() override {
    if (pid_ > 0) kill(pid_, SIGKILL);
  }

  std::optional<Process> starter_;
};

TEST_F(SlowStart, ThatIsStoppedIsNoSuccess) {
  kill(pid_, SIGTERM);
  EXPECT_EQ(69, starter_->wait());
  pid_ = 0;  // the command has waited for it
}

TEST_F(SlowStart, EndsWithTheCommandThatWaitsForIt) {
  starter_->signal(SIGKILL);
  starter_->wait();
  expect_exit(0);
  EXPECT_FALSE(fs::exists(path("echo.pid")));
}

}  // namespace
}  // namespace service
