#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/service/client_pty.hpp"
#include "tests/service/daemon.hpp"
#include "tests/service/file_descriptor.hpp"
#include "tests/service/server.hpp"

// A service that was started at a terminal, and the meaning of SIGHUP there.
namespace service {
namespace {

// A pty(7).
class PseudoTerminal {
 public:
  PseudoTerminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt") {
    if (grantpt(master_.get()) != 0 || unlockpt(master_.get()) != 0) throw_errno("unlockpt");
    path_ = ptsname(master_.get());
  }

  // Closes the terminal, as its window would.
  void close() { master_.close(); }

  // A script that runs a command as the leader of the terminal's session.
  std::string script() const { return "exec setsid --ctty \"$@\" <" + path_; }
  std::vector<std::string> leader() const { return {"sh", "-c", script(), "sh"}; }

  // Runs a command as a job of such a leader, in the "foreground" or in the "background". The
  // leader passes on SIGTERM, SIGHUP if asked to, and SIGUSR1 as a SIGHUP.
  std::vector<std::string> job(const std::string& ground, bool passes_hangup_on) const {
    const std::string shell =
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
        "passes = {signal.SIGTERM: signal.SIGTERM, signal.SIGUSR1: signal.SIGHUP}\n"
        "passes[signal.SIGHUP] = signal.SIGHUP if sys.argv[2] == '1' else 0\n"
        "for number in passes:\n"
        "    signal.signal(number, lambda came, _: os.kill(job, passes[came]))\n"
        "job = os.fork()\n"
        "if job == 0:\n"
        "    os.setpgid(0, 0)\n"
        "    if sys.argv[1] == 'foreground': os.tcsetpgrp(0, os.getpid())\n"
        "    os.execvp(sys.argv[3], sys.argv[3:])\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))\n";
    std::vector<std::string> words = leader();
    words.insert(words.end(), {"python3", "-c", shell, ground, passes_hangup_on ? "1" : "0"});
    return words;
  }

 private:
  FileDescriptor master_;
  std::string path_;
};

const std::vector<std::string> address = {"--host", "127.0.0.1", "--port", "0"};

void expect_reload(Server& server) {
  server.log().wait_for_line(" info reloaded");
  EXPECT_EQ("hello", server.connect().echo("hello"));
}

void expect_stop(Server& server) {
  server.expect_exit(0);
  EXPECT_EQ(1U, server.log().count_lines(" info stopped"));
  EXPECT_GE(server.log().count_lines(" info the terminal was closed"), 1U);
}

TEST(ServiceAtATerminal, StopsWhenItIsClosed) {
  PseudoTerminal terminal;
  Server server("", address, terminal.leader());
  EXPECT_EQ("hello", server.connect().echo("hello"));
  terminal.close();
  expect_stop(server);
}

TEST(ServiceAtATerminal, ReloadsWhenAnotherProcessSendsSighup) {
  const PseudoTerminal terminal;
  Server server("", address, terminal.leader());
  server.process().signal(SIGHUP);
  expect_reload(server);
}

TEST(ServiceAtATerminal, GoesOnWhenItIsClosedIfItWasStartedByNohup) {
  PseudoTerminal terminal;
  std::vector<std::string> runner = terminal.leader();
  runner.insert(runner.end(), {"env", "--ignore-signal=HUP"});
  Server server("", address, runner);
  terminal.close();
  expect_reload(server);  // the kernel's SIGHUP is like any other
}

TEST(ServiceAtATerminal, StopsInTheForegroundOfAShell) {
  PseudoTerminal terminal;
  Server server("", address, terminal.job("foreground", true));
  terminal.close();
  expect_stop(server);
}

// sudo(8) gives the command a terminal of its own, which exists as long as the command.
TEST(ServiceAtATerminal, StopsInTheForegroundWhenTheLeaderSendsSighup) {
  const PseudoTerminal terminal;
  Server server("shutdown: {delay: 500ms}", address, terminal.job("foreground", true));
  for (std::size_t time = 1; time <= 2; ++time) {  // a second one is not impatience
    server.process().signal(SIGUSR1);
    server.log().wait_for_line("the terminal was closed", time);
  }
  expect_stop(server);
}

TEST(ServiceAtATerminal, StopsInTheBackgroundWhenTheShellPassesSighupOn) {
  PseudoTerminal terminal;
  Server server("", address, terminal.job("background", true));
  terminal.close();
  expect_stop(server);
}

TEST(ServiceAtATerminal, ReloadsInTheBackgroundWhenTheShellSendsSighup) {
  const PseudoTerminal terminal;
  Server server("", address, terminal.job("background", true));
  server.process().signal(SIGUSR1);
  expect_reload(server);
}

// As after `disown`.
TEST(ServiceAtATerminal, OfWhichNoShellKnowsOutlivesItAndReloads) {
  PseudoTerminal terminal;
  const TemporaryDirectory directory;
  const std::string pid_file = directory / "pid";
  Server server("", {"--host", "127.0.0.1", "--port", "0", "--pidfile", pid_file},
                terminal.job("background", false));
  terminal.close();
  EXPECT_EQ("hello", server.connect().echo("hello"));
  kill(std::stoi(content(pid_file)), SIGHUP);
  expect_reload(server);
}

TEST(ServiceAtATerminal, WarnsOnceOfPrivilegesThatItDoesNotNeed) {
  Pty terminal({COROECHO, "--host", "127.0.0.1", "--port", "0"});
  terminal.wait_for(" info listening on 127.0.0.1:");
  const bool root = geteuid() == 0;
  const std::string& text = terminal.written();
  const std::size_t warning = text.find("warning: the service runs as root");
  EXPECT_EQ(root, warning != std::string::npos) << text;
  for (const char* way : {"coroecho.socket", "setpriv ", "the image"}) {
    EXPECT_EQ(root, text.find(way) != std::string::npos) << text;
  }
  if (root) {
    EXPECT_EQ(std::string::npos, text.find("warning:", warning + 1)) << text;
  }
}

TEST(ServiceWithoutATerminal, WarnsOfNoPrivileges) {
  Server server("", address);
  EXPECT_EQ("hello", server.connect().echo("hello"));
  EXPECT_EQ("", server.process().errors().text());
}

TEST_F(DaemonTest, OutlivesTheTerminalItWasStartedAtAndReloads) {
  PseudoTerminal terminal;
  start("", terminal.script());
  terminal.close();
  kill(pid_, SIGHUP);
  wait_for_content(path("echo.log"), " info reloaded\n");
  EXPECT_EQ("hello", SocketClient(path("echo.sock")).echo("hello"));
}

}  // namespace
}  // namespace service
