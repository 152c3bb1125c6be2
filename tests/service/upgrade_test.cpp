#include "tests/service/upgrade.hpp"
#include "tests/service/exit_codes.hpp"
#include "tests/service/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/daemon.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/unit/server/notify_receiver.hpp"

// SIGRTMIN, and --upgrade.
namespace service {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

std::vector<std::string> with(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ino_t inode(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// The JSON that the admin endpoint has about the service.
json status(const Server& server) {
  const std::string before = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(before);
  const int port = std::stoi(line.substr(line.find(before) + before.size()));
  SocketClient client("127.0.0.1", static_cast<std::uint16_t>(port));
  client.send("GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string response = client.receive_until_end();
  return json::parse(response.substr(response.find("\r\n\r\n") + 4));
}

TEST(Upgrade, KeepsAConnectionWithItsNumberAndItsCounts) {
  Server server;
  const pid_t process = server.process().pid();
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  EXPECT_THAT(upgrade(server),
              EndsWith(" info upgraded to coroecho " COROECHO_VERSION ", 1 connections kept"));
  EXPECT_EQ("after", client.echo("after"));
  SocketClient next = server.connect();
  EXPECT_EQ("next", next.echo("next"));
  server.log().wait_for_line("client 2 connected from " + next.name());
  client.half_close();
  EXPECT_EQ("", client.receive_until_end());
  server.log().wait_for_line(
      "client 1 disconnected: closed by client (11 bytes in, 11 bytes out, ");
  EXPECT_EQ(1U, server.log().count_lines("client 1 connected"));
  EXPECT_EQ(process, server.process().pid());
  EXPECT_TRUE(server.process().running());
}

TEST(Upgrade, TwentyInARowLeaveNothingBehind) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("first", client.echo("first"));
  upgrade(server);
  const std::size_t descriptors = open_descriptors(server.process().pid());
  for (int times = 0; times < 20; ++times) {
    upgrade(server);
    EXPECT_EQ("again", client.echo("again"));
  }
  EXPECT_TRUE(wait_for_open_descriptors(server.process().pid(), descriptors));
}

TEST(Upgrade, AClientThatIsOwedManyBytesGetsThem) {
  Server server;
  SocketClient client("127.0.0.1", server.port(), "", 4096);
  const std::string bytes = random_bytes(16 << 20, 22);
  const std::size_t sent = client.send_until_blocked(bytes);
  ASSERT_GT(sent, std::size_t{1} << 20);
  upgrade(server);
  expect_same_bytes(bytes.substr(0, sent), client.receive(sent));
  EXPECT_EQ("on", client.echo("on"));
}

TEST(Upgrade, AClientThatIsHalfClosedGetsEverythingAndTheEnd) {
  Server server;
  SocketClient client("127.0.0.1", server.port(), "", 4096);
  const std::string bytes = random_bytes(16 << 20, 23);
  const std::size_t sent = client.send_until_blocked(bytes);
  client.half_close();
  upgrade(server);
  expect_same_bytes(bytes.substr(0, sent), client.receive_until_end());
  server.log().wait_for_line("client 1 disconnected: closed by client (" + std::to_string(sent) +
                             " bytes in, " + std::to_string(sent) + " bytes out, ");
}

TEST(Upgrade, ListensOnTheSamePortAndAcceptsWhoHasConnectedMeanwhile) {
  Server server;
  const std::uint16_t port = server.port();
  std::vector<SocketClient> clients;
  server.process().signal(SIGRTMIN);
  for (int i = 0; i < 50; ++i)
    clients.push_back(server.connect());
  server.log().wait_for_line(" upgraded to coroecho ");
  for (SocketClient& client : clients)
    EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_EQ("later", SocketClient("127.0.0.1", port).echo("later"));
  EXPECT_EQ(1U, server.log().count_lines("listening on "));
}

TEST(Upgrade, KeepsTheFileOfAUnixSocketAndRemovesItAtTheEnd) {
  const TemporaryDirectory directory;
  const fs::path path = directory / "echo.sock";
  Server server("unix: " + path.string());
  const ino_t before = inode(path);
  SocketClient client(path);
  EXPECT_EQ("before", client.echo("before"));
  upgrade(server);
  EXPECT_EQ(before, inode(path));
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("next", SocketClient(path).echo("next"));
  client.close();
  server.stop(SIGTERM);
  EXPECT_FALSE(fs::exists(path));
}

TEST(Upgrade, StatisticsGoOnAndTheAdminEndpointStays) {
  Server server("admin: {port: 0}");
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  const json before = status(server);
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
  const json after = status(server);
  EXPECT_EQ(1U, server.log().count_lines("admin on "));
  EXPECT_EQ(json::parse(R"({"accepted": 1, "active": 1, "peak": 1})"), after["connections"]);
  EXPECT_EQ(json::parse(R"({"received": 11, "sent": 11})"), after["bytes"]);
  EXPECT_EQ(json::parse(R"({"done": 1, "failed": 0})"), after["upgrades"]);
  EXPECT_GE(after["uptime_seconds"], before["uptime_seconds"]);
  EXPECT_GE(after["coroutines"]["spawned"], before["coroutines"]["spawned"]);
  EXPECT_GE(after["scheduler_lag_seconds"]["count"], before["scheduler_lag_seconds"]["count"]);
}

TEST(Upgrade, LoadsTheConfigurationAnew) {
  Server server("limits: {max_connections: 3}");
  SocketClient client = server.connect();
  EXPECT_EQ("here", client.echo("here"));
  server.write_configuration("log: {events: [disconnect]}");
  upgrade(server);
  SocketClient next = server.connect();
  EXPECT_EQ("next", next.echo("next"));
  EXPECT_EQ(0U, server.log().count_lines("client 2 connected"));
}

TEST(Upgrade, AReloadComesAfterIt) {
  Server server;
  upgrade(server);
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" info reloaded");
  server.process().signal(SIGRTMIN);
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" upgraded to coroecho ", 2);
  server.log().wait_for_line(" info reloaded", 2);
}

TEST(Upgrade, ANewProgramThatRefusesTheConfigurationChangesNothing) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.write_configuration("colour: red");
  const std::string file = server.directory() / "coroecho.yaml";
  EXPECT_THAT(refused_upgrade(server), HasSubstr(file + ":1: key 'colour': is unknown"));
  EXPECT_EQ("after", client.echo("after"));
  server.write_configuration("");
  upgrade(server);
  EXPECT_EQ("again", client.echo("again"));
}

TEST(Upgrade, ALogFileThatTheNewProgramCannotOpenIsAReasonNotToUpgrade) {
  Server server;
  server.write_configuration("log: {file: " + (server.directory() / "none/log").string() + "}");
  EXPECT_THAT(refused_upgrade(server), HasSubstr("cannot open log file '"));
}

TEST(Upgrade, AProgramThatIsMissingOrIsNoneChangesNothing) {
  const ReplaceableProgram program;
  Server server("", on_any_port, program.runner());
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  program.remove();
  EXPECT_THAT(refused_upgrade(server), HasSubstr("No such file or directory"));
  program.replace("no program");
  EXPECT_THAT(refused_upgrade(server), HasSubstr("Exec format error"));
  program.replace("#!/bin/sh\necho 'coroecho: too new' >&2\nexit 64\n");
  EXPECT_THAT(refused_upgrade(server), HasSubstr("too new"));
  program.replace("#!/bin/sh\nkill -SEGV $$\n");
  EXPECT_THAT(refused_upgrade(server), HasSubstr("signal 11"));
  EXPECT_EQ("after", client.echo("after"));
  program.restore();
  upgrade(server);
  EXPECT_EQ("again", client.echo("again"));
}

// Whichever of the two the process sees first, and in each step of an upgrade.
TEST(Upgrade, ASignalToStopStopsTheOneProgramOrTheOther) {
  for (const int milliseconds : {0, 2, 5, 10, 20, 40}) {
    Server server;
    SocketClient client = server.connect();
    EXPECT_EQ("here", client.echo("here"));
    server.process().signal(SIGRTMIN);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    server.process().signal(SIGTERM);
    EXPECT_EQ("", client.receive_until_end());
    client.close();
    server.expect_exit(0);
    EXPECT_EQ(1U, server.log().count_lines(" info stopped"));
  }
}

TEST(Upgrade, ATwofoldRequestIsOneUpgradeOrTwo) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGRTMIN);
  server.process().signal(SIGRTMIN);
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_EQ("after", client.echo("after"));
  upgrade(server);
  EXPECT_EQ(0U, server.log().count_lines("not upgraded"));
}

TEST(Upgrade, TheServiceManagerSeesAReload) {
  const TemporaryDirectory directory;
  const std::string address = directory / "notify";
  NotifyReceiver manager(address);
  const ReplaceableProgram program;
  Server server(
      "", on_any_port,
      with({"env", "NOTIFY_SOCKET=" + address, "WATCHDOG_USEC=60000000"}, program.runner()));
  manager.wait_for("READY=1");
  server.process().signal(SIGRTMIN);
  EXPECT_THAT(manager.wait_for("RELOADING=1"), HasSubstr("\nMONOTONIC_USEC="));
  EXPECT_EQ("WATCHDOG=1", manager.wait_for("WATCHDOG=1"));  // the last step of the old program
  EXPECT_EQ("WATCHDOG=1", manager.wait_for("WATCHDOG=1"));
  EXPECT_THAT(manager.wait_for("READY=1"), StartsWith("READY=1\nSTATUS=0 active, "));
  program.remove();
  server.process().signal(SIGRTMIN);
  manager.wait_for("RELOADING=1");
  EXPECT_THAT(manager.wait_for("READY=1"), HasSubstr("\nSTATUS=not upgraded: "));
}

// The log is a named pipe that the test reads late.
TEST(Upgrade, EachLineOfTheLogArrivesOnceAndWhole) {
  const TemporaryDirectory directory;
  const fs::path log = directory / "log";
  const fs::path socket = directory / "echo.sock";
  const fs::path pid_file = directory / "coroecho.pid";
  ASSERT_EQ(0, ::mkfifo(log.c_str(), 0600));
  const FileDescriptor reader(::open(log.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open");
  Process process({COROECHO, "--pidfile", pid_file, "--config",
                   directory.write("coroecho.yaml", "{host: [], unix: " + socket.string() +
                                                        ", log: {file: " + log.string() + "}}")});
  wait_for_content(pid_file, "\n");
  SocketClient client = connect_when_listening(socket);
  constexpr int lines = 3000;  // more than a pipe takes, 64 KiB
  const auto echo = [&](int number) { client.echo("line " + std::to_string(number) + '.'); };
  for (int number = 0; number < lines; ++number)
    echo(number);
  for (int times = 0; times < 3; ++times)
    EXPECT_EQ(0, run({COROECHO, "--upgrade", "--pidfile", pid_file}).exit_code);
  for (int number = lines; number < lines + 10; ++number)
    echo(number);
  client.close();
  std::string all;
  process.signal(SIGUSR1);
  for (std::string chunk(65536, '\0'); all.find("statistics: ") == std::string::npos;) {
    const ssize_t size = ::read(reader.get(), chunk.data(), chunk.size());
    if (size > 0) all.append(chunk, 0, static_cast<std::size_t>(size));
  }
  std::size_t at = 0;
  for (int number = 0; number < lines + 10; ++number) {
    const std::string text = "line " + std::to_string(number) + ".\"\n";
    const std::string expected =
        " info client 1 received " + std::to_string(text.size() - 2) + " bytes: \"" + text;
    at = all.find(expected, at);
    ASSERT_NE(std::string::npos, at) << expected;
    at += expected.size();
  }
  std::size_t received = 0;
  for (at = 0; (at = all.find(" received ", at)) != std::string::npos; ++at)
    ++received;
  EXPECT_EQ(static_cast<std::size_t>(lines) + 10, received);
  EXPECT_THAT(all, HasSubstr(", 1 connections kept\n"));
  EXPECT_THAT(all, HasSubstr(", 0 log lines dropped\n"));
  process.signal(SIGTERM);
  EXPECT_EQ(0, process.wait());
}

class UpgradeRequest : public testing::Test {
 protected:
  Finished request() const { return run({COROECHO, "--upgrade", "--pidfile", pid_file_}); }

  TemporaryDirectory directory_;
  const std::string pid_file_ = directory_ / "coroecho.pid";
};

TEST_F(UpgradeRequest, TheServiceThatHoldsItIsUpgraded) {
  Server server("", with(on_any_port, {"--pidfile", pid_file_}));
  const ino_t before = inode(pid_file_);
  SocketClient client = server.connect();
  EXPECT_EQ("before", client.echo("before"));
  for (std::size_t times = 1; times <= 3; ++times) {
    const Finished finished = request();
    EXPECT_EQ(0, finished.exit_code) << finished.errors;
    EXPECT_EQ("", finished.output + finished.errors);
    server.log().wait_for_line(" upgraded to coroecho ", times);
  }
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ(before, inode(pid_file_));
  EXPECT_EQ(std::to_string(server.process().pid()) + '\n', content(pid_file_));
  EXPECT_EQ(
      cannot_listen,
      run({COROECHO, "--host", "127.0.0.1", "--port", "0", "--pidfile", pid_file_}).exit_code);
  client.close();
  server.stop(SIGTERM);
  EXPECT_FALSE(fs::exists(pid_file_));
}

TEST_F(UpgradeRequest, ARefusedUpgradeIsReported) {
  Server server("", with(on_any_port, {"--pidfile", pid_file_}));
  server.write_configuration("colour: red");
  for (int times = 0; times < 3; ++times) {
    const Finished finished = request();
    EXPECT_EQ(1, finished.exit_code);
    EXPECT_EQ("coroecho: process " + std::to_string(server.process().pid()) +
                  " is not upgraded, its log says why\n",
              finished.errors);
  }
}

TEST_F(UpgradeRequest, WithoutAServiceThereIsNothingToUpgrade) {
  Finished finished = request();
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_EQ("coroecho: pid file '" + pid_file_ + "': No such file or directory\n", finished.errors);
  directory_.write("coroecho.pid", "4194305\n");
  finished = request();
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_EQ("coroecho: pid file '" + pid_file_ + "': no process that runs holds it\n",
            finished.errors);
}

using UpgradedDaemon = DaemonTest;

TEST_F(UpgradedDaemon, GoesOnInTheBackgroundWithItsRelativePaths) {
  start();
  SocketClient client(path("echo.sock"));
  EXPECT_EQ("before", client.echo("before"));
  for (int times = 0; times < 2; ++times) {
    const Finished finished = run(command({"--upgrade", "--pidfile", "echo.pid"}));
    EXPECT_EQ(0, finished.exit_code) << finished.errors;
    EXPECT_EQ("/", fs::read_symlink("/proc/" + std::to_string(pid_) + "/cwd"));
  }
  EXPECT_EQ("after", client.echo("after"));
  kill(pid_, SIGHUP);
  wait_for_content(path("echo.log"), " reloaded\n");
  EXPECT_EQ("next", SocketClient(path("echo.sock")).echo("next"));
  EXPECT_EQ(std::to_string(pid_) + '\n', content(path("echo.pid")));
  client.close();
  kill(pid_, SIGTERM);
  expect_exit(0);
  EXPECT_FALSE(fs::exists(path("echo.pid")));
  EXPECT_FALSE(fs::exists(path("echo.sock")));
}

TEST_F(UpgradedDaemon, WhoseNewProgramIsRefusedGoesOnInItsDirectory) {
  start();
  directory_.write("echo.yaml", "colour: red");
  EXPECT_EQ(1, run(command({"--upgrade", "--pidfile", "echo.pid"})).exit_code);
  EXPECT_EQ("/", fs::read_symlink("/proc/" + std::to_string(pid_) + "/cwd"));
  EXPECT_EQ("on", SocketClient(path("echo.sock")).echo("on"));
}

TEST(CheckUpgrade, AnswersWithTheVersionIfAllIsWell) {
  const Finished finished = run({COROECHO, "--check-upgrade", "1"});
  EXPECT_EQ(0, finished.exit_code);
  EXPECT_EQ("coroecho " COROECHO_VERSION "\n", finished.output);
  EXPECT_EQ("", finished.errors);
}

TEST(CheckUpgrade, RefusesAStateFromTheFutureAndAWrongConfiguration) {
  const Finished future = run({COROECHO, "--check-upgrade", "1000"});
  EXPECT_EQ(64, future.exit_code);
  EXPECT_THAT(future.errors, AllOf(StartsWith("coroecho: "), HasSubstr("version 1000")));
  EXPECT_EQ("", future.output);
  const TemporaryDirectory directory;
  const Finished wrong =
      run({COROECHO, "--check-upgrade", "1", "--config",
           directory.write("coroecho.yaml", "tls: {port: 0, certificate: none}")});
  EXPECT_EQ(config_error, wrong.exit_code);
}

}  // namespace
}  // namespace service
