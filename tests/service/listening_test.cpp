#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "tests/service/daemon.hpp"
#include "tests/service/datagram_client.hpp"
#include "tests/service/exit_codes.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

std::string with_unix_socket(const std::filesystem::path& path) {
  return "{host: [], unix: {path: " + path.string() + ", mode: \"0600\"}}";
}

TEST(Listening, SeveralHostsEachWithAPortOfItsOwn) {
  const Server server("{host: [127.0.0.1, 127.0.0.2, \"::1\"], port: 0}", {});
  for (const std::string address : {"127.0.0.1", "127.0.0.2", "::1"}) {
    const std::string shown = address == "::1" ? "[::1]" : address;
    SocketClient client(address, server.port(shown));
    EXPECT_EQ(address, client.echo(address));
  }
}

TEST(Listening, TheIpv6WildcardTakesIpv4AndShowsItAsSuch) {
  const Server server("{host: \"::\", port: 0}", {});
  const std::uint16_t port = server.port("[::]");
  SocketClient over_ipv4("127.0.0.1", port);
  EXPECT_EQ("four", over_ipv4.echo("four"));
  server.log().wait_for_line("client 1 connected from " + over_ipv4.name());
  SocketClient over_ipv6("::1", port);
  EXPECT_EQ("six", over_ipv6.echo("six"));
  server.log().wait_for_line("client 2 connected from " + over_ipv6.name());
}

TEST(Listening, ServesIpv4OnAMachineWithoutIpv6AndSaysSo) {
  if (!can_make_networks()) GTEST_SKIP() << "needs to make network namespaces";
  // The service runs in a network namespace in which IPv6 is off.
  const Finished finished =
      run({"unshare", "-rn", "sh", "-c",
           "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; exec timeout 1 \"$0\"", COROECHO});
  EXPECT_NE(finished.output.find("warning cannot listen on [::1]:8888: "), std::string::npos)
      << finished.output << finished.errors;
  EXPECT_NE(finished.output.find("listening on 127.0.0.1:8888\n"), std::string::npos)
      << finished.output;
}

// The service executes its program anew for an upgrade.
TEST(Listening, EveryDescriptorOfTheServiceIsClosedOnExec) {
  const TemporaryDirectory directory;
  const std::string path = directory / "echo.sock";
  const std::string others = ", admin: {port: 0}, udp: {port: 0}, unix: {path: " + path + "}}";
  Server server("{host: [127.0.0.1, \"::1\"], port: 0" + others, {"--pidfile", directory / "pid"});
  const auto expect_to_be_closed_on_exec = [&] {
    EXPECT_THAT(descriptors_kept_on_exec(server.process().pid()),
                testing::IsSubsetOf(descriptors_kept_on_exec(::getpid())));
  };
  SocketClient tcp = server.connect();
  tcp.echo("tcp");
  SocketClient local{std::filesystem::path(path)};
  local.echo("unix");
  const std::string admin_on = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(admin_on);
  const int admin_port = std::stoi(line.substr(line.find(admin_on) + admin_on.size()));
  SocketClient admin("127.0.0.1", static_cast<std::uint16_t>(admin_port));
  admin.send("GET /status HTTP/1.1\r\nHost: echo\r\n\r\n");
  admin.receive(1);
  EXPECT_TRUE(DatagramClient().echo("udp", "127.0.0.1", server.port("udp 127.0.0.1")));
  expect_to_be_closed_on_exec();

  server.write_configuration("{host: \"::\", port: 0" + others);
  server.process().signal(SIGHUP);
  server.log().wait_for_line("reloaded");
  expect_to_be_closed_on_exec();
}

TEST(Listening, BothWildcardsShareAPort) {
  const std::uint16_t port = Server().port();  // free again
  const Server server("{host: [\"::\", 0.0.0.0], port: " + std::to_string(port) + "}", {});
  server.log().wait_for_line("listening on ", 2);
  EXPECT_EQ("four", SocketClient("127.0.0.1", port).echo("four"));
  EXPECT_EQ("six", SocketClient("::1", port).echo("six"));
}

TEST(Listening, AStarIsAllAddressesAndAMappedAddressIsIpv4) {
  const Server all("{host: *, port: 0}", {});
  EXPECT_EQ("four", SocketClient("127.0.0.1", all.port("[::]")).echo("four"));
  const Server mapped("{host: \"::ffff:127.0.0.1\", port: 0}", {});
  EXPECT_EQ("four", SocketClient("127.0.0.1", mapped.port("127.0.0.1")).echo("four"));
}

TEST(UnixSocket, EchoesAndGoesWithTheService) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server(with_unix_socket(path), {});
  EXPECT_EQ("hello", SocketClient(path).echo("hello"));
  server.log().wait_for_line("client 1 connected from unix");
  server.stop(SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(path));
}

// When the service accepts for the last time, no client can connect any more. Another service that
// starts must not take the file for a stale one, which the first would then remove.
TEST(UnixSocket, ItsFileGoesBeforeTheSocketIsClosed) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const std::filesystem::path calls = directory / "calls";
  // LeakSanitizer does not work in a process that is traced.
  Server server(with_unix_socket(path), {},
                {"env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-o", calls, "-e",
                 "trace=unlink,accept4"});
  server.stop(SIGTERM);
  wait_for_content(calls, "+++ exited with 0 +++");
  const std::string text = content(calls);
  const std::size_t removed = text.find("unlink(\"" + path.string() + "\")");
  ASSERT_NE(std::string::npos, removed) << text;
  EXPECT_NE(std::string::npos, text.find("accept4(", removed)) << text;
}

TEST(UnixSocket, HasItsModeFromTheConfiguration) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const Server server(with_unix_socket(path), {});
  struct stat status {};
  ASSERT_EQ(0, stat(path.c_str(), &status));
  EXPECT_EQ(0600U, status.st_mode & 0777U);
}

TEST(UnixSocket, AStaleOneIsReplaced) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server killed(with_unix_socket(path), {});
  killed.stop(SIGKILL, 128 + SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(path));
  const Server server(with_unix_socket(path), {});
  EXPECT_EQ("hello", SocketClient(path).echo("hello"));
}

TEST(UnixSocket, ALiveOneIsLeftAlone) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const Server server(with_unix_socket(path), {});
  const Finished second =
      run({COROECHO, "--config", directory.write("second.yaml", with_unix_socket(path))});
  EXPECT_EQ(cannot_listen, second.exit_code);
  EXPECT_NE(std::string::npos, second.output.find(path.string())) << second.output;
  EXPECT_EQ("hello", SocketClient(path).echo("hello"));
}

TEST(UnixSocket, OfSeveralThatStartAtOnceOneHasIt) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const std::string configuration = directory.write("a.yaml", with_unix_socket(path));
  const auto serving = the_one_of_eight_that_serves({COROECHO, "--config", configuration});
  EXPECT_EQ("hello", SocketClient(path).echo("hello"));
  serving->output().wait_for_line("client 1 connected from unix");
  EXPECT_EQ(2, std::distance(std::filesystem::directory_iterator(directory.path()), {}));
}

TEST(UnixSocket, AFileThatIsNoSocketIsLeftAlone) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.write("precious", "data");
  const Finished finished =
      run({COROECHO, "--config", directory.write("a.yaml", with_unix_socket(path))});
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_EQ(4U, std::filesystem::file_size(path));
}

TEST(ReusePort, SeveralInstancesShareAPort) {
  const Server first("reuse_port: true");
  const std::string port = std::to_string(first.port());
  const Server second("reuse_port: true", {"--host", "127.0.0.1", "--port", port});
  std::vector<SocketClient> clients;
  // The kernel chooses by a hash: one of the two would get all of 200 once in 2^199 times.
  for (int i = 0; i < 200; ++i) {
    clients.push_back(first.connect());
    EXPECT_EQ("hello", clients.back().echo("hello"));
  }
  EXPECT_NO_THROW(first.log().wait_for_line("client 1 connected"));
  EXPECT_NO_THROW(second.log().wait_for_line("client 1 connected"));
}

TEST(ReusePort, WithoutItTheSecondInstanceIsTold) {
  const Server first;
  const Finished second =
      run({COROECHO, "--host", "127.0.0.1", "--port", std::to_string(first.port())});
  EXPECT_EQ(cannot_listen, second.exit_code);
}

}  // namespace
}  // namespace service
