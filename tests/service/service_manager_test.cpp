#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/service/exit_codes.hpp"
#include "tests/service/server.hpp"
#include "tests/unit/server/notify_receiver.hpp"

// The notify protocol, sd_notify(3), with the test as the service manager.
namespace service {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> telling(const std::string& address,
                                 const std::vector<std::string>& more = {}) {
  std::vector<std::string> runner = {"env", "NOTIFY_SOCKET=" + address};
  runner.insert(runner.end(), more.begin(), more.end());
  return runner;
}

class Notified : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string address_ = directory_ / "notify";
  NotifyReceiver manager_{address_};
};

TEST_F(Notified, ReadyOnceItListens) {
  const std::filesystem::path path = directory_ / "echo.sock";
  Server server("unix: " + path.string(), on_any_port, telling(address_));
  EXPECT_THAT(manager_.wait_for("READY=1"), HasSubstr("\nSTATUS=0 active, 0 accepted, "));
  EXPECT_EQ(1U, manager_.messages().size());
  EXPECT_EQ("hello", SocketClient(path).echo("hello"));
}

TEST_F(Notified, AnAbstractSocketHearsIt) {
  const std::string name = "@coroecho-test-" + std::to_string(getpid());
  NotifyReceiver manager(name);
  const Server server("", on_any_port, telling(name));
  EXPECT_THAT(manager.wait_for("READY=1"), StartsWith("READY=1\n"));
}

TEST_F(Notified, NeverReadyIfItCannotListen) {
  const Server first;
  const std::string port = std::to_string(first.port());
  const Finished second =
      run({"env", "NOTIFY_SOCKET=" + address_, COROECHO, "--host", "127.0.0.1", "--port", port});
  EXPECT_EQ(cannot_listen, second.exit_code);
  EXPECT_EQ("STATUS=--port: cannot listen on 127.0.0.1:" + port + ": Address already in use",
            manager_.receive());
  EXPECT_EQ(std::nullopt, manager_.receive());
}

TEST_F(Notified, TheStatusHasLiveFigures) {
  const Server server("", on_any_port, telling(address_));
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  // The figures may also be sent between the connection and its bytes.
  const std::string figures =
      "STATUS=1 active, 1 accepted, 0 refused, 5 bytes in, 5 bytes out, 0 log lines dropped";
  EXPECT_EQ(figures, manager_.wait_for(figures));
  client.close();
  EXPECT_NE("", manager_.wait_for("STATUS=0 active, 1 accepted, "));
  const auto& messages = manager_.messages();
  EXPECT_EQ(messages.end(), std::adjacent_find(messages.begin(), messages.end()));
}

TEST_F(Notified, AReloadBeginsAndEnds) {
  Server server("", on_any_port, telling(address_));
  manager_.wait_for("READY=1");
  for (const std::string configuration : {"backlog: 7", "colour: red"}) {
    server.write_configuration(configuration);
    server.process().signal(SIGHUP);
    const std::string reloading = manager_.wait_for("RELOADING=1");
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    const auto began = std::chrono::microseconds(std::stoll(value_of(reloading, "MONOTONIC_USEC")));
    EXPECT_LE(began, now);
    EXPECT_GE(began, now - patience);
    const std::string ready = manager_.wait_for("READY=1");
    const std::string file = server.directory() / "coroecho.yaml";
    EXPECT_EQ(configuration == "colour: red",
              value_of(ready, "STATUS").starts_with("not reloaded: " + file + ":1: key 'colour': "))
        << ready;
  }
  EXPECT_EQ("still", server.connect().echo("still"));
}

TEST_F(Notified, StoppingWhileItDrains) {
  Server server("shutdown: {timeout: 20s}", on_any_port, telling(address_));
  SocketClient client = server.connect();
  client.echo("here");
  server.process().signal(SIGTERM);
  const std::string stopping = manager_.wait_for("STOPPING=1");
  EXPECT_EQ("25000000", value_of(stopping, "EXTEND_TIMEOUT_USEC"));
  EXPECT_THAT(value_of(stopping, "STATUS"), StartsWith("draining: 1 active, "));
  EXPECT_TRUE(server.process().running());
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
}

TEST_F(Notified, TheWatchdogHearsNothingFromAStoppedProcess) {
  Server server("", on_any_port, telling(address_, {"WATCHDOG_USEC=200000"}));
  EXPECT_EQ("WATCHDOG=1", manager_.wait_for("WATCHDOG=1"));
  EXPECT_EQ("WATCHDOG=1", manager_.wait_for("WATCHDOG=1"));
  server.process().signal(SIGSTOP);
  int status = 0;
  ASSERT_EQ(server.process().pid(), waitpid(server.process().pid(), &status, WUNTRACED));
  while (manager_.receive()) {
  }
  EXPECT_EQ(std::nullopt, manager_.receive(std::chrono::milliseconds(600)));  // six were due
  server.process().signal(SIGCONT);
  EXPECT_EQ("WATCHDOG=1", manager_.wait_for("WATCHDOG=1"));
}

TEST_F(Notified, AWatchdogOfAnotherProcessIsNotFed) {
  Server server("", on_any_port, telling(address_, {"WATCHDOG_USEC=2000", "WATCHDOG_PID=1"}));
  EXPECT_THAT(manager_.wait_for("READY=1"), StartsWith("READY=1\n"));
  server.stop(SIGTERM);
  EXPECT_EQ("", manager_.wait_for("WATCHDOG=1", std::chrono::seconds(0)));
}

TEST_F(Notified, AFullQueueStallsNobody) {
  // No process reads, so the queue is full after some hundred messages.
  Server server("", on_any_port, telling(address_, {"WATCHDOG_USEC=2000"}));
  SocketClient client = server.connect();
  const Clock::time_point end = Clock::now() + std::chrono::seconds(1);
  while (Clock::now() < end)
    ASSERT_EQ("on", client.echo("on"));
  client.close();
  server.stop(SIGTERM);
}

TEST(Unnotified, ABadSocketCostsOneWarning) {
  for (const std::string address : {"/nonexistent/notify", "relative", "@", "vsock:2:9999"}) {
    Server server("", on_any_port, telling(address));
    EXPECT_EQ("hello", server.connect().echo("hello"));
    server.process().signal(SIGHUP);
    server.log().wait_for_line(" reloaded");
    server.stop(SIGTERM);
    EXPECT_EQ(1U, server.log().count_lines("NOTIFY_SOCKET: cannot tell the service manager: "));
  }
}

}  // namespace
}  // namespace service
