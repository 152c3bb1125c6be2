#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/service/daemon.hpp"
#include "tests/service/exit_codes.hpp"
#include "tests/service/server.hpp"

// --daemon and --pidfile.
namespace service {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

using Daemon = DaemonTest;

TEST_F(Daemon, TheParentEndsOnceItServes) {
  start();
  EXPECT_EQ("hello", SocketClient(path("echo.sock")).echo("hello"));
  EXPECT_EQ(std::to_string(pid_) + '\n', content(path("echo.pid")));
  kill(pid_, SIGTERM);
  expect_exit(0);
  EXPECT_FALSE(fs::exists(path("echo.pid")));
  EXPECT_FALSE(fs::exists(path("echo.sock")));
}

TEST_F(Daemon, LeavesTerminalSessionAndDirectory) {
  start();
  const fs::path process = "/proc/" + std::to_string(pid_);
  EXPECT_EQ(pid_, getsid(pid_));
  EXPECT_EQ("/", fs::read_symlink(process / "cwd"));
  for (const std::string stream : {"0", "1", "2"})
    EXPECT_EQ("/dev/null", fs::read_symlink(process / "fd" / stream));
}

TEST_F(Daemon, KeepsNoOtherDescriptorOfWhoStartedIt) {
  const std::string held = path("held");
  std::vector<std::string> runner = {"sh", "-c", "exec 7>" + held + "; exec \"$@\"", "sh"};
  directory_.write("echo.yaml", "{host: [], unix: echo.sock}");
  const auto words = command({"--daemon", "--pidfile", "echo.pid", "--config", "echo.yaml"});
  runner.insert(runner.end(), words.begin(), words.end());
  EXPECT_EQ(0, run(runner).exit_code);
  pid_ = std::stoi(content(path("echo.pid")));
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/fd"))
    EXPECT_NE(held, fs::read_symlink(entry.path()));
}

TEST_F(Daemon, ItsRelativePathsHoldForReloads) {
  start();
  SocketClient client(path("echo.sock"));
  EXPECT_EQ("before", client.echo("before"));
  fs::rename(path("echo.log"), path("old.log"));
  kill(pid_, SIGUSR2);
  kill(pid_, SIGHUP);
  wait_for_content(path("echo.log"), " reloaded\n");
  directory_.write("echo.yaml", "{host: [], unix: echo.sock, log: {file: new.log}}");
  kill(pid_, SIGHUP);
  wait_for_content(path("new.log"), " reloaded\n");
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("again", SocketClient(path("echo.sock")).echo("again"));
  kill(pid_, SIGUSR1);
  wait_for_content(path("new.log"), " statistics: ");
}

TEST_F(Daemon, WarnsThatALogWithoutAFileGoesNowhere) {
  const Finished parent =
      run(command({"--daemon", "--pidfile", "echo.pid", "--host", "127.0.0.1", "--port", "0"}));
  EXPECT_EQ(0, parent.exit_code);
  pid_ = std::stoi(content(path("echo.pid")));
  EXPECT_EQ("coroecho: warning: --daemon without log.file: the log goes to /dev/null\n",
            parent.errors);
}

TEST_F(Daemon, ServesWhatItInherits) {
  const std::string socket = path("inherited.sock");
  // This process listens and hands its socket on.
  const std::string script =
      "import os, socket, sys\n"
      "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
      "os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
      "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
      "os.execvp(sys.argv[2], sys.argv[2:])";
  std::vector<std::string> words = {"python3", "-c", script, socket};
  const auto rest = command({"--daemon", "--pidfile", "echo.pid", "--port", "1"});
  words.insert(words.end(), rest.begin(), rest.end());
  const Finished parent = run(words);
  ASSERT_EQ(0, parent.exit_code) << parent.errors;
  pid_ = std::stoi(content(path("echo.pid")));
  EXPECT_EQ("hello", SocketClient(fs::path(socket)).echo("hello"));
}

TEST_F(Daemon, AUsageErrorReachesTheTerminal) {
  expect_refusal({"--port", "http"}, usage_error, "--port: ");
  expect_refusal({"--pidfile"}, usage_error, "--pidfile: ");
}

TEST_F(Daemon, AConfigurationErrorReachesTheTerminal) {
  directory_.write("bad.yaml", "colour: red");
  expect_refusal({"--config", "bad.yaml"}, config_error, "bad.yaml:1: key 'colour': ");
}

TEST_F(Daemon, ALogThatCannotBeOpenedReachesTheTerminal) {
  directory_.write("a.yaml", "log: {file: none/echo.log}");
  expect_refusal({"--config", "a.yaml", "--port", "0"}, config_error,
                 path("a.yaml").string() + ":1: key 'log.file': cannot open log file '" +
                     path("none/echo.log").string() + "': No such file or directory\n");
}

TEST_F(Daemon, AnAddressThatCannotBeHadReachesTheTerminal) {
  // An address of the reserved class E (RFC 1112). Test networks sometimes use those for
  // documentation.
  const std::string message =
      "coroecho: --host: cannot listen on 240.0.0.1:7777: Cannot assign requested address\n";
  const std::vector<std::string> elsewhere = {"--host", "240.0.0.1", "--port", "7777"};
  std::vector<std::string> arguments = {"--pidfile", "echo.pid"};
  arguments.insert(arguments.end(), elsewhere.begin(), elsewhere.end());
  expect_refusal(arguments, cannot_listen, message);
  EXPECT_FALSE(fs::exists(path("echo.pid")));

  arguments = {"--config", directory_.write("a.yaml", "log: {file: echo.log}")};
  arguments.insert(arguments.end(), elsewhere.begin(), elsewhere.end());
  expect_refusal(arguments, cannot_listen, message);
  EXPECT_THAT(content(path("echo.log")), HasSubstr(" critical --host: cannot listen on 240.0.0.1"));
}

TEST_F(Daemon, AUnixSocketThatIsTooLongAsAnAbsolutePathReachesTheTerminal) {
  directory_.write("a.yaml", "{host: [], unix: " + std::string(100, 'x') + "}");
  expect_refusal({"--config", "a.yaml"}, config_error, "a.yaml:1: key 'unix.path': is longer ");
}

TEST_F(Daemon, APidFileThatCannotBeWrittenReachesTheTerminal) {
  expect_refusal({"--pidfile", "none/echo.pid", "--port", "0"}, config_error,
                 "pid file '" + path("none/echo.pid").string() + "': No such file or directory\n");
  directory_.write("precious", "data");
  expect_refusal({"--pidfile", "precious", "--port", "0"}, config_error, "is no pid file\n");
  EXPECT_EQ("data", content(path("precious")));
}

TEST_F(Daemon, ASecondOneIsRefusedWhileTheFirstLives) {
  start();
  const pid_t first = pid_;
  const Finished second =
      run(command({"--daemon", "--pidfile", "echo.pid", "--config", "echo.yaml"}));
  EXPECT_EQ(cannot_listen, second.exit_code);
  EXPECT_THAT(second.errors, HasSubstr("echo.pid': process " + std::to_string(first) +
                                       " is running and holds it\n"));
  EXPECT_EQ(std::to_string(first) + '\n', content(path("echo.pid")));
}

TEST_F(Daemon, ReplacesThePidFileOfOneThatWasKilled) {
  start();
  const pid_t first = std::exchange(pid_, 0);
  kill(first, SIGKILL);
  ASSERT_EQ(first, waitpid(first, nullptr, 0));
  ASSERT_TRUE(fs::exists(path("echo.pid")));
  start();
  EXPECT_NE(first, pid_);
  EXPECT_EQ("hello", SocketClient(path("echo.sock")).echo("hello"));
}

TEST(PidFile, IsWrittenWithoutADaemonToo) {
  const TemporaryDirectory directory;
  const std::string path = directory / "echo.pid";
  Server server("", {"--host", "127.0.0.1", "--port", "0", "--pidfile", path});
  EXPECT_EQ(std::to_string(server.process().pid()) + '\n', content(path));
  server.stop(SIGTERM);
  EXPECT_FALSE(fs::exists(path));
}

TEST(PidFile, OfSeveralThatStartAtOnceOneHasIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("echo.pid", "4194305\n");  // a stale one besides
  const auto serving = the_one_of_eight_that_serves({COROECHO, "--port", "0", "--pidfile", path});
  EXPECT_EQ(std::to_string(serving->pid()) + '\n', content(path));
  EXPECT_EQ(1, std::distance(fs::directory_iterator(directory.path()), {}));
  serving->signal(SIGTERM);
  EXPECT_EQ(0, serving->wait());
}

}  // namespace
}  // namespace service
