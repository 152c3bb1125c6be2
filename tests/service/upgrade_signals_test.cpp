#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

#include "tests/service/daemon.hpp"
#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

// Signals that come together with the one that asks for an upgrade.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// All of them are pending when the service looks.
void send_together(Server& server, std::initializer_list<int> signals) {
  server.process().signal(SIGSTOP);
  for (const int signal : signals)
    server.process().signal(signal);
  server.process().signal(SIGCONT);
}

// At moments of which some are before, in and after execve(2).
TEST(UpgradeAndStop, AtAnyMomentEndsInOrder) {
  for (const auto pause :
       {0us, 500us, 2000us, 5000us, 10000us, 15000us, 20000us, 30000us, 40000us}) {
    Server server;
    SocketClient client = server.connect();
    EXPECT_EQ("before", client.echo("before"));
    server.process().signal(SIGRTMIN);
    std::this_thread::sleep_for(pause);
    server.process().signal(SIGTERM);
    EXPECT_EQ("", client.receive_until_end());
    client.close();
    server.expect_exit(0);
    EXPECT_EQ(1U, server.log().count_lines("client 1 disconnected: shutdown"));
    EXPECT_EQ(1U, server.log().count_lines(" stopped"));
    EXPECT_EQ(1U, server.log().count_lines(" upgraded to coroecho ") +
                      server.log().count_lines("not upgraded: the service stops"));
  }
}

TEST(UpgradeAndStop, TogetherEndsInOrder) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  send_together(server, {SIGRTMIN, SIGTERM});
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
  EXPECT_EQ(1U, server.log().count_lines("not upgraded: the service stops"));
}

TEST(UpgradeAndStop, WhileItDrainsIsNoUpgrade) {
  Server server("shutdown: {timeout: 20s}");
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping, with 1 connections");
  for (int i = 0; i < 3; ++i)
    server.process().signal(SIGRTMIN);
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
  EXPECT_EQ(0U, server.log().count_lines(" upgraded to coroecho "));
  EXPECT_EQ(3U, server.log().count_lines("not upgraded: the service stops"));
}

TEST(UpgradeAndReload, TogetherBothHappen) {
  for (const int first : {SIGHUP, SIGRTMIN}) {
    Server server;
    SocketClient client = server.connect();
    EXPECT_EQ("before", client.echo("before"));
    server.process().signal(first);
    server.process().signal(first == SIGHUP ? SIGRTMIN : SIGHUP);
    server.log().wait_for_line(" reloaded");
    server.log().wait_for_line(" upgraded to coroecho ");
    send_together(server, {SIGRTMIN, SIGHUP, SIGUSR1});
    server.log().wait_for_line(" reloaded", 2);
    server.log().wait_for_line(" upgraded to coroecho ", 2);
    server.log().wait_for_line(" statistics: ");
    EXPECT_EQ("after", client.echo("after"));
  }
}

// By the script that executes the program: signals are blocked then, and stay pending.
TEST(UpgradeAndReload, AReloadThatIsAskedForWhileTheProgramIsExecutedHappens) {
  const ReplaceableProgram program;
  Server server("", on_any_port, program.runner());
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  program.replace("#!/bin/sh\n[ \"$1\" = --check-upgrade ] || kill -HUP $$\nexec \"" COROECHO
                  "\" \"$@\"\n");
  server.process().signal(SIGRTMIN);
  server.log().wait_for_line(" upgraded to coroecho ");
  server.log().wait_for_line(" reloaded");
  EXPECT_EQ("after", client.echo("after"));
}

TEST(UpgradeAndReload, InAnyOrderLoseNone) {
  Server server("log: {events: []}");
  SocketClient client = server.connect();
  for (std::size_t round = 1; round <= 10; ++round) {
    server.process().signal(SIGRTMIN);
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * round));
    server.process().signal(SIGHUP);
    server.log().wait_for_line(" upgraded to coroecho ", round);
    server.log().wait_for_line(" reloaded", round);
    EXPECT_EQ("still", client.echo("still"));
  }
}

TEST(UpgradeAndRotation, TheLogMovesToTheNewFile) {
  const TemporaryDirectory directory;
  const auto file = directory / "echo.log";
  const auto socket = directory / "echo.sock";
  const std::string configuration = directory.write(
      "a.yaml", "{host: [], unix: " + socket.string() + ", log: {file: " + file.string() + "}}");
  Process process({COROECHO, "--config", configuration});
  wait_for_content(file, "listening on ");
  SocketClient client(socket);
  for (const auto& signals : {std::pair{SIGUSR2, SIGRTMIN}, std::pair{SIGRTMIN, SIGUSR2}}) {
    EXPECT_EQ("before", client.echo("before"));
    std::filesystem::rename(file, directory / "old.log");
    process.signal(signals.first);
    process.signal(signals.second);
    wait_for_content(file, " upgraded to coroecho ");
    EXPECT_EQ("after", client.echo("after"));
    wait_for_content(file, "\"after\"");
    EXPECT_THAT(content(directory / "old.log"), HasSubstr("\"before\""));
  }
}

// More signals come than there can be upgrades: each is asked for after the one before, or joins
// it.
TEST(UpgradeAndUpgrade, AskedForManyTimesAtOnceHappensAndEverybodyStays) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  for (int i = 0; i < 50; ++i) {
    server.process().signal(SIGRTMIN);
    EXPECT_EQ("meanwhile", client.echo("meanwhile"));
  }
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ(0U, server.log().count_lines(" not upgraded: "));
}

}  // namespace
}  // namespace service
