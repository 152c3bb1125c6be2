#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// SIGHUP, SIGUSR1 and SIGUSR2.
namespace service {
namespace {

void wait_for_file(const std::filesystem::path& path) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!std::filesystem::exists(path)) {
    ASSERT_LT(Clock::now(), deadline) << path;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool accepts(const std::string& address, std::uint16_t port) {
  try {
    const SocketClient client(address, port);
    return true;
  } catch (const std::system_error& error) {
    EXPECT_EQ(ECONNREFUSED, error.code().value());
    return false;
  }
}

TEST(Reload, AHundredTimesUnderLoadTouchesNoClient) {
  Server server("log: {events: [connect, disconnect]}");
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < 50; ++i) {
    const std::chrono::milliseconds pause(i % 10 + 1);
    streams.emplace_back(server.connect(), Stream::Plan{.seed = i, .piece = 8000, .pause = pause});
  }
  for (std::size_t i = 1; i <= 100; ++i) {
    server.write_configuration("{log: {events: [connect, disconnect]}, limits: {max_connections: " +
                               std::to_string(1000 + i) +
                               ", idle_timeout: " + (i % 2 == 0 ? "0" : "1h") + "}}");
    server.process().signal(SIGHUP);
    run(streams, [&] { return server.log().count_lines(" reloaded") == i; });
  }
  for (Stream& stream : streams)
    stream.finish();
  run(streams);
  for (const Stream& stream : streams) {
    EXPECT_TRUE(stream.got_fin() && stream.same());
    EXPECT_EQ(stream.sent(), stream.received());
    EXPECT_GT(stream.sent(), 0U);
  }
}

TEST(Reload, ALargerLimitServesWhoWaits) {
  Server server("limits: {max_connections: 1}");
  SocketClient first = server.connect();
  first.echo("1");
  SocketClient second = server.connect();
  second.send("2");
  server.log().wait_for_line("limits.max_connections: full");
  reload(server, "limits: {max_connections: 2}");
  EXPECT_EQ("2", second.receive(1));
  EXPECT_EQ("still", first.echo("still"));
}

TEST(Reload, AnIdleTimeoutHoldsForClientsThatAreIdleAlready) {
  Server server;
  SocketClient client = server.connect();
  client.echo("hello");
  reload(server, "limits: {idle_timeout: 300ms}");
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.log().wait_for_line("client 1 disconnected: idle timeout");
}

TEST(Reload, ChangesTheLogLevelAndBack) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server;
  // The log does not report this reload, but the socket shows that it is in force.
  server.write_configuration("{unix: " + path.string() + ", log: {level: error}}");
  server.process().signal(SIGHUP);
  wait_for_file(path);
  EXPECT_EQ("quiet", server.connect().exchange("quiet"));
  reload(server, "log: {level: info}");
  EXPECT_EQ("told", server.connect().exchange("told"));
  server.log().wait_for_line("told");
  EXPECT_EQ(0U, server.log().count_lines("quiet"));
}

TEST(Reload, AddsAndRemovesHostsUnderConnectedClients) {
  Server server("{host: [127.0.0.1], port: 0}", {});
  const std::uint16_t port = server.port();
  SocketClient client = server.connect();
  client.echo("before");
  reload(server, "{host: [127.0.0.1, 127.0.0.2], port: 0}");
  EXPECT_TRUE(accepts("127.0.0.1", port));
  const std::uint16_t added = server.port("127.0.0.2");
  EXPECT_EQ("added", SocketClient("127.0.0.2", added).echo("added"));

  reload(server, "{host: [127.0.0.2], port: 0}");
  EXPECT_EQ(1U, server.log().count_lines("no longer listening on 127.0.0.1:"));
  EXPECT_FALSE(accepts("127.0.0.1", port));
  EXPECT_TRUE(accepts("127.0.0.2", added));
  EXPECT_EQ("after", client.echo("after"));
}

TEST(Reload, MovesToAnotherPort) {
  Server server("{host: [127.0.0.1], port: 0}", {});
  const std::uint16_t old = server.port();
  const std::uint16_t port = Server().port();  // free again, and another one
  SocketClient client = server.connect();
  client.echo("before");
  reload(server, "{host: [127.0.0.1], port: " + std::to_string(port) + "}");
  EXPECT_TRUE(accepts("127.0.0.1", port));
  EXPECT_FALSE(accepts("127.0.0.1", old));
  EXPECT_EQ("after", client.echo("after"));
}

TEST(Reload, AddsAndRemovesTheUnixSocket) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server("{host: [127.0.0.1], port: 0}", {});
  reload(server, "{host: [127.0.0.1], port: 0, unix: " + path.string() + "}");
  SocketClient client(path);
  EXPECT_EQ("hello", client.echo("hello"));
  reload(server, "{host: [127.0.0.1], port: 0}");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ("still", client.echo("still"));
}

TEST(Reload, ABadFileIsOneErrorLineAndChangesNothing) {
  Server server("limits: {max_connections: 2}");
  SocketClient client = server.connect();
  client.echo("before");
  reload(server, "limits: {max_connections: 1, colour: red}", "error not reloaded: ");
  EXPECT_EQ(1U, server.log().count_lines(" error "));
  EXPECT_EQ(1U, server.log().count_lines("coroecho.yaml:1: key 'limits.colour'"));
  EXPECT_EQ("second", server.connect().echo("second"));
  EXPECT_EQ("after", client.echo("after"));
}

TEST(Reload, AnAddressInUseIsOneErrorLineAndChangesNothing) {
  const Server other;
  Server server("{host: [127.0.0.1], port: 0}", {});
  const std::uint16_t port = server.port();
  reload(server,
         "{host: [127.0.0.2, 127.0.0.1], log: {level: off}, port: " + std::to_string(other.port()) +
             "}",
         "error not reloaded: ");
  EXPECT_EQ(1U, server.log().count_lines("127.0.0.1:" + std::to_string(other.port())));
  EXPECT_TRUE(accepts("127.0.0.1", port));
  EXPECT_FALSE(accepts("127.0.0.2", other.port()));
  server.log().wait_for_line("client 1 connected");  // the log is as it was too
}

// A script sends SIGHUP as soon as it finds the pid file.
TEST(Reload, ThatIsAskedForBeforeTheServiceWaitsForSignalsIsDone) {
  const TemporaryDirectory directory;
  const std::string pid_file = directory / "pid";
  // LeakSanitizer does not work in a process that is traced.
  Process process({"env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-o", "/dev/null", "-e",
                   "trace=signalfd4", "-e", "inject=signalfd4:delay_enter=300000", COROECHO,
                   "--config", directory.write("echo.yaml", ""), "--host", "127.0.0.1", "--port",
                   "0", "--pidfile", pid_file});
  wait_for_file(pid_file);
  process.signal(SIGHUP);
  process.output().wait_for_line(" info reloaded");
  process.signal(SIGTERM);
  EXPECT_EQ(0, process.wait());
}

TEST(Reload, IsFinishedBeforeTheServiceStops) {
  for (int i = 0; i < 10; ++i) {
    Server server("{host: [127.0.0.1, 127.0.0.2, 127.0.0.3], port: 0}", {});
    server.connect().echo("hello");
    server.write_configuration("{host: [127.0.0.2, 127.0.0.4], port: 0}");
    // Both signals are pending when it goes on; the one to reload is delivered first.
    server.process().signal(SIGSTOP);
    server.process().signal(SIGHUP);
    server.process().signal(SIGTERM);
    server.process().signal(SIGCONT);
    server.expect_exit(0);
  }
}

TEST(Statistics, AreLoggedOnSigusr1) {
  Server server;
  server.connect().exchange("hello");
  server.log().wait_for_line("client 1 disconnected");
  server.process().signal(SIGUSR1);
  for (const std::string part : {"info statistics: uptime", " 1 accepted, 0 active",
                                 " 1 closed by client", " 5 bytes in, 5 bytes out"})
    server.log().wait_for_line(part);
}

// Waits until the file contains `text`.
void wait_for_text(const std::filesystem::path& file, const std::string& text) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string content;
  while (content.find(text) == std::string::npos) {
    ASSERT_LT(Clock::now(), deadline) << text << " is not in " << file << ":\n" << content;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ifstream stream(file);
    content.assign(std::istreambuf_iterator<char>(stream), {});
  }
}

TEST(LogFile, IsOpenedAgainOnSigusr2AfterItWasRotated) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory / "coroecho.log";
  const std::filesystem::path rotated = directory / "coroecho.log.1";
  Server server;
  server.write_configuration("log: {file: " + file.string() + "}");
  server.process().signal(SIGHUP);
  wait_for_text(file, " reloaded");
  std::filesystem::rename(file, rotated);
  server.connect().echo("hello");
  wait_for_text(rotated, "client 1 disconnected");
  server.process().signal(SIGUSR2);
  wait_for_file(file);
  const auto size = std::filesystem::file_size(rotated);
  server.connect().echo("hello");
  wait_for_text(file, "client 2 disconnected");
  EXPECT_EQ(size, std::filesystem::file_size(rotated));
}

}  // namespace
}  // namespace service
