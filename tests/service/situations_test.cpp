#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/service/client_pty.hpp"
#include "tests/service/datagram_client.hpp"
#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

// The situations of other projects' bug reports: the table is in tests/README.md.
namespace service {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
namespace fs = std::filesystem;

// ---- HTTP

// Sends the bytes and, if asked to, FIN. Returns everything up to the server's FIN.
std::string ask_admin(const Server& server, const std::string& bytes, bool finish = false) {
  const std::string before = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(before);
  const int port = std::stoi(line.substr(line.find(before) + before.size()));
  SocketClient client("127.0.0.1", static_cast<std::uint16_t>(port));
  client.send(bytes);
  if (finish) client.half_close();
  return client.receive_until_end();
}

const std::string healthz = "GET /healthz HTTP/1.1\r\nHost: a\r\n";

TEST(Situation, AnHttpClientThatHasFinishedSendingGetsItsAnswer) {
  Server server("admin: {port: 0}");
  EXPECT_THAT(ask_admin(server, healthz + "\r\n", true), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(ask_admin(server, "GET /healthz HTTP/1.0\r\n\r\n", true),
              StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST(Situation, EmptyLinesBeforeAnHttpRequestAreIgnored) {
  Server server("admin: {port: 0}");
  const std::string last = healthz + "Connection: close\r\n\r\n";
  EXPECT_THAT(ask_admin(server, "\r\n\r\n" + last), StartsWith("HTTP/1.1 200 OK\r\n"));
  const std::string both = ask_admin(server, healthz + "Content-Length: 2\r\n\r\nab\r\n" + last);
  EXPECT_NE(both.find("HTTP/1.1 200 OK"), both.rfind("HTTP/1.1 200 OK")) << both;
  EXPECT_THAT(both, Not(HasSubstr("400")));
}

TEST(Situation, AnHttpRequestWhoseEndIsInDoubtIsTheLastOfItsConnection) {
  Server server("admin: {port: 0}");
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n";
  for (const std::string fields :
       {"Content-Length: 35\r\nContent-Length: 0\r\n", "Transfer-Encoding: xchunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding : chunked\r\n"}) {
    const std::string answer = ask_admin(server, healthz + fields + "\r\n" + smuggled, true);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << fields;
    EXPECT_EQ(answer.rfind("HTTP/1.1"), 0U) << fields << answer;
  }
}

// ---- UDP

TEST(Situation, SendersThatAreGoneBeforeTheirAnswerDisturbNobody) {
  const Server server("{host: 127.0.0.1, port: 0, udp: {port: 0, rate: 0}}", {});
  const std::uint16_t port = server.port("udp 127.0.0.1");
  const DatagramClient client;  // before the others, whose ports are free again
  for (int i = 0; i < 20; ++i)
    DatagramClient().send("gone", "127.0.0.1", port);
  for (int i = 0; i < 20; ++i) {
    const auto echo = client.echo(std::to_string(i), "127.0.0.1", port);
    ASSERT_TRUE(echo);
    EXPECT_EQ(std::to_string(i), echo->payload);
  }
}

// Runs commands in a network of their own.
Finished in_own_network(const std::string& commands) {
  return run({"unshare", "--map-root-user", "--net", "bash", "-ec",
              "ip link set lo up; " + commands, "bash", COROECHO_CLIENT});
}

// The kernel has two ports to choose from, and one is that of the target.
TEST(Situation, AClientWhosePortIsThatOfItsTargetIsNotItsOwnEcho) {
  if (!can_make_networks()) GTEST_SKIP() << "needs to make network namespaces";
  const std::string ping = "\"$1\" --ping $udp --count 1 --wait 1 --quiet 127.0.0.1 40000 2>&1";
  const Finished pings = in_own_network(
      "echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range;"
      "for udp in '' --udp; do for i in 1 2 3 4 5 6 7 8; do " +
      ping + " && echo answered; done; done; true");
  EXPECT_EQ(0, pings.exit_code) << pings.errors;
  EXPECT_THAT(pings.output, HasSubstr("refused"));
  EXPECT_THAT(pings.output, Not(HasSubstr("answered")));
}

// ---- upgrades

// As tools that deploy do: `current` leads to the next release, and the old one is removed.
TEST(Situation, AnUpgradeFollowsTheLinkToTheNextRelease) {
  const TemporaryDirectory directory;
  for (const std::string release : {"1", "2"}) {
    fs::create_directory(directory / release);
    fs::copy_file(COROECHO, directory / (release + "/coroecho"));
  }
  fs::create_symlink("1", directory / "current");
  Server server(
      "", on_any_port,
      {"sh", "-c", "shift; exec '" + (directory / "current/coroecho").string() + "' \"$@\"", "sh"});
  SocketClient client = server.connect();
  client.echo("before");
  fs::create_symlink("2", directory / "next");
  fs::rename(directory / "next", directory / "current");
  fs::remove_all(directory / "1");
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
}

TEST(Situation, AProgramThatIsStillBeingWrittenIsAReasonNotToUpgrade) {
  const ReplaceableProgram program;
  Server server("", on_any_port, program.runner());
  SocketClient client = server.connect();
  program.restore();
  {
    const std::ofstream writer(program.path(), std::ios::binary | std::ios::in | std::ios::out);
    EXPECT_THAT(refused_upgrade(server), HasSubstr("Text file busy"));
  }
  EXPECT_EQ("before", client.echo("before"));
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
}

TEST(Situation, SignalsThatTheStarterBlocksReachTheServiceAndItsUpgrades) {
  Server server("", on_any_port, {"env", "--block-signal", "--ignore-signal=TERM"});
  SocketClient client = server.connect();
  client.echo("before");
  upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
  client.close();
  server.stop(SIGTERM);
}

// ---- the log

TEST(Situation, ALogThatIsTruncatedInPlaceHasNoHole) {
  const TemporaryDirectory directory;
  const fs::path log = directory / "log";
  Process service(
      {COROECHO, "--config",
       directory.write("coroecho.yaml", "{host: [], unix: " + (directory / "socket").string() +
                                            ", log: {file: " + log.string() + "}}"),
       "--daemon", "--pidfile", directory / "pid"});
  ASSERT_EQ(0, service.wait());
  SocketClient(directory / "socket").exchange("one");
  fs::resize_file(log, 0);
  SocketClient(directory / "socket").exchange("two");
  std::ifstream pid_file(directory / "pid");
  pid_t pid = 0;
  pid_file >> pid;
  ::kill(pid, SIGTERM);
  std::string text;
  while (text.find("info stopped") == std::string::npos) {
    std::ifstream stream(log, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  EXPECT_THAT(text, HasSubstr("two"));
  EXPECT_EQ(text.find('\0'), std::string::npos);
}

// ---- the terminal

TEST(Situation, ATerminalWithoutASizeIsOneLikeOthers) {
  const Server server;
  Pty pty({COROECHO_CLIENT, "127.0.0.1", std::to_string(server.port())},
          {.size = {.rows = 0, .columns = 0}});
  pty.wait_for(":help lists the commands");
  pty.type(
      "hallo\x7f\x7f\x7f\x7f"
      "ello\r");
  server.log().wait_for_line("received 6 bytes: \"hello\\n\"");
  pty.type("\x04");
  EXPECT_EQ(0, pty.wait()) << pty.written();
}

// The Insert key, F1, F5, Menu, Shift-Tab, Control-Up, Control-Delete, Alt-X and Alt-Shift-X; then
// Home and End as PuTTY and rxvt send them.
TEST(Situation, KeysThatEditNothingTypeNothing) {
  const Server server;
  Pty pty({COROECHO_CLIENT, "127.0.0.1", std::to_string(server.port())});
  pty.wait_for(":help lists the commands");
  for (const std::string key : {"\033[2~", "\033OP", "\033[15~", "\033[29~", "\033[Z", "\033[1;5A",
                                "\033[3;5~", "\033x", "\033X"})
    pty.type("a" + key);
  pty.type("b\r");
  server.log().wait_for_line("received 11 bytes: \"aaaaaaaaab\\n\"");
  pty.type("b\033[1~a\033[4~c\033[7~-\033[8~+\r");
  server.log().wait_for_line("received 6 bytes: \"-abc+\\n\"");
  pty.type("one two\033[1;5D-\033[1;3D\033[1;3C+\r");
  server.log().wait_for_line("received 10 bytes: \"one -two+\\n\"");
  pty.type("\x04");
  EXPECT_EQ(0, pty.wait()) << pty.written();
}

}  // namespace
}  // namespace service
