#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/service/client.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/client_terminal.hpp"
#include "tests/service/closed_port.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

// coroecho-client in a real terminal, as a person sees it.
namespace service {
namespace {

using namespace std::chrono_literals;

std::string client_in_shell(std::uint16_t port, const std::string& more = "") {
  return "\"" COROECHO_CLIENT "\" 127.0.0.1 " + std::to_string(port) + " " + more;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

void expect_lacks(const std::string& text, const std::string& part) {
  EXPECT_EQ(text.find(part), std::string::npos) << "'" << part << "' is in:\n" << text;
}

TEST(ClientInteractive, ShowsEachReplyWithItsRoundTripTimeAndThePromptAgain) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("hello world");
  const auto screen = terminal.wait_for(" ms)\n");
  expect_contains(screen, prompt(server.port()) + " hello world\nrecv from server:hello world  (");
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("bye");
  terminal.wait_for("recv from server:bye  (");
}

// The two clients and the server of the original Lua program had the same output.
TEST(ClientInteractive, TwoAtOnceReproduceTheOriginalTranscript) {
  const Server server;
  const Terminal first(client_in_shell(server.port()));
  first.wait_for_last_line(prompt(server.port()));
  const Terminal second(client_in_shell(server.port()));
  second.wait_for_last_line(prompt(server.port()));
  first.enter("1111111");
  first.wait_for("recv from server:1111111");
  second.enter("222222");
  second.wait_for("recv from server:222222");
  expect_lacks(first.screen(), "222222");
  expect_lacks(second.screen(), "1111111");
  first.press("C-d");
  first.wait_for("exit=0");
  second.press("C-d");
  second.wait_for("exit=0");
  server.log().wait_for_line("client 1 received 8 bytes: \"1111111\\n\"");
  server.log().wait_for_line("client 2 received 7 bytes: \"222222\\n\"");
  server.log().wait_for_line("client 1 disconnected");
  server.log().wait_for_line("client 2 disconnected");
}

TEST(ClientInteractive, ShowsAReplyThatComesWhileOneTypes) {
  std::atomic<bool> answer = false;
  const FaultyServer server([&](FaultyConnection& connection, int) {
    const auto bytes = connection.receive(6);
    while (!answer)
      connection.wait(20ms);
    connection.send(bytes);
    connection.echo_until_end();
  });
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("first");
  terminal.type("half typ");
  terminal.wait_for_last_line(prompt(server.port()) + " half typ");
  answer = true;
  terminal.wait_for("recv from server:first");
  terminal.wait_for_last_line(prompt(server.port()) + " half typ");
  terminal.enter("ed");
  terminal.wait_for("recv from server:half typed");
}

TEST(ClientInteractive, RedrawsALineOfSeveralRows) {
  std::atomic<bool> answer = false;
  const FaultyServer server([&](FaultyConnection& connection, int) {
    const auto bytes = connection.receive(6);
    while (!answer)
      connection.wait(20ms);
    connection.send(bytes);
    connection.be_silent();
  });
  const Terminal terminal(client_in_shell(server.port()), {.columns = 50, .rows = 20});
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("first");
  const std::string line(70, 'x');
  terminal.type(line + "END");
  terminal.wait_for("xEND");
  answer = true;
  auto screen = terminal.wait_for("recv from server:first");
  screen = terminal.wait_for("xEND");
  EXPECT_EQ(count(screen, "END"), 1U) << screen;
  EXPECT_EQ(count(screen, "x"), 70U) << screen;
}

TEST(ClientInteractive, KeepsTheLineWhenTheTerminalIsResized) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.type("abc");
  terminal.wait_for_last_line(prompt(server.port()) + " abc");
  terminal.resize({.columns = 60, .rows = 20});
  terminal.enter("def");
  terminal.wait_for("recv from server:abcdef");
}

TEST(ClientInteractive, KeepsTheLineAndNoPieceOfItWhenTheTerminalBecomesNarrower) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  const std::string line(70, 'x');
  terminal.type(line);
  terminal.wait_for_last_line(prompt(server.port()) + " " + line);
  terminal.resize({.columns = 60, .rows = 20});
  terminal.type("END");
  const auto screen = terminal.wait_for("xEND");
  EXPECT_EQ(count(screen, "x"), 70U) << screen;
}

TEST(ClientInteractive, ShowsACharacterThatIsTypedBeforeOthersOfItsKind) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.type("aaa");
  terminal.wait_for_last_line(prompt(server.port()) + " aaa");
  terminal.press("C-a");
  terminal.type("a");
  terminal.wait_for_last_line(prompt(server.port()) + " aaaa");
}

// ---- losing the server

TEST(ClientInteractive, SaysAtOnceThatTheServerIsGoneAlsoMidLine) {
  auto server =
      std::make_unique<FaultyServer>([](auto& connection, int) { connection.echo_until_end(); });
  const auto port = server->port();
  const Terminal terminal(client_in_shell(port));
  terminal.wait_for_last_line(prompt(port));
  terminal.type("half");
  terminal.wait_for_last_line(prompt(port) + " half");
  server.reset();
  terminal.wait_for("closed: 127.0.0.1");
  terminal.wait_for_last_line("not connected> half");
}

TEST(ClientInteractive, ConnectsAgainWithTheNextLine) {
  auto server =
      std::make_unique<FaultyServer>([](auto& connection, int) { connection.echo_until_end(); });
  const auto port = server->port();
  const Terminal terminal(client_in_shell(port));
  terminal.wait_for_last_line(prompt(port));
  server.reset();
  terminal.wait_for_last_line("not connected>");
  terminal.enter("too early");
  terminal.wait_for("refused: nothing listens");
  terminal.wait_for_last_line("not connected>");
  server = std::make_unique<FaultyServer>(
      [](auto& connection, int) { connection.echo_until_end(); }, port);
  terminal.enter("again");
  terminal.wait_for("recv from server:again");
  terminal.wait_for_last_line(prompt(port));
}

TEST(ClientInteractive, SaysWhatWasChangedOnTheWay) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    auto bytes = connection.receive(6);
    bytes[1] = '?';
    connection.send(bytes);
    connection.be_silent();
  });
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("hello");
  terminal.wait_for("mismatch: at offset 1: expected 0x65 'e', got 0x3f '?'");
  terminal.wait_for_last_line("not connected>");
  terminal.press("C-d");
  terminal.wait_for("exit=1");
}

TEST(ClientInteractive, EndsWith1WhenThereIsNoServer) {
  const ClosedPort closed;
  const Terminal terminal(client_in_shell(closed.port(), "2> \"$HOME/errors\""));
  terminal.wait_for("exit=1");
  std::ifstream errors(terminal.home() / "errors");
  std::string line;
  std::getline(errors, line);
  EXPECT_EQ(line.find("coroecho-client: refused: "), 0U) << line;  // no colours in a file
}

// ---- keys

TEST(ClientInteractive, ClearsTheLineOnControlC) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.type("not this");
  terminal.wait_for_last_line(prompt(server.port()) + " not this");
  terminal.press("C-c");
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("but this");
  terminal.wait_for("recv from server:but this");
}

TEST(ClientInteractive, WaitsForTheRestOnControlDAndLeavesWithStatistics) {
  std::atomic<bool> answer = false;
  const FaultyServer server([&](FaultyConnection& connection, int) {
    const auto bytes = connection.receive(6);
    while (!answer)
      connection.wait(20ms);
    connection.send(bytes);
    connection.echo_until_end();
  });
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("hello");
  terminal.press("C-d");
  terminal.wait_for("^D");
  expect_lacks(terminal.screen(), "exit=");
  answer = true;
  const auto screen = terminal.wait_for("exit=0");
  expect_contains(screen, "recv from server:hello");
  expect_contains(screen, "sent 6 B, 6 B came back the same");
  expect_contains(screen, "round trip min/avg/max/mdev = ");
}

TEST(ClientInteractive, LeavesWithSuccessWhenAllIsBackThoughTheServerDoesNotClose) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(6));
    connection.be_silent();
  });
  const Terminal terminal(client_in_shell(server.port(), "--timeout 300ms"));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("hello");
  terminal.wait_for("recv from server:hello");
  terminal.press("C-d");
  terminal.wait_for("exit=0");
}

TEST(ClientInteractive, StopsWaitingForTheRestOnControlC) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("hello");
  terminal.press("C-d");
  terminal.wait_for("^D");
  terminal.press("C-c");
  const auto screen = terminal.wait_for("exit=1");
  expect_contains(screen, "sent 6 B, 0 B came back the same");
}

TEST(ClientInteractive, GivesTheTerminalBackAsItWas) {
  const Server server;
  const std::string compare = "stty -g > $HOME/before; " + client_in_shell(server.port()) +
                              "; stty -g | cmp - $HOME/before && echo the same";
  const Terminal terminal(compare);
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":quit");
  terminal.wait_for("the same");
}

TEST(ClientInteractive, GivesTheTerminalBackWhenItIsTerminated) {
  const Server server;
  const Terminal terminal("stty -g > $HOME/before; sh -c 'echo $$ > $HOME/pid; exec " +
                          client_in_shell(server.port()) +
                          "'; echo status=$?; stty -g | cmp - $HOME/before && echo the same");
  terminal.wait_for_last_line(prompt(server.port()));
  std::ifstream file(terminal.home() / "pid");
  pid_t pid = 0;
  ASSERT_TRUE(file >> pid);
  ASSERT_EQ(kill(pid, SIGTERM), 0);
  terminal.wait_for("status=143");
  terminal.wait_for("the same");
}

TEST(ClientInteractive, CanBeStoppedAndContinued) {
  const Server server;
  const Terminal terminal("PS1='shell: ' sh -i");
  terminal.wait_for_last_line("shell:");
  terminal.enter(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.type("half");
  terminal.wait_for_last_line(prompt(server.port()) + " half");
  terminal.press("C-z");
  terminal.wait_for_last_line("shell:");
  terminal.enter("fg");
  terminal.wait_for_last_line(prompt(server.port()) + " half");
  terminal.enter(" and half");
  terminal.wait_for("recv from server:half and half");
}

TEST(ClientInteractive, RemembersLinesOverRunsInAFileOfItsOwn) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()) + "; " + client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("remember me");
  terminal.wait_for("recv from server:remember me");
  terminal.enter(":quit");
  terminal.wait_for("sent 12 B");
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.press("Up");
  terminal.press("Up");
  terminal.wait_for_last_line(prompt(server.port()) + " remember me");
  struct stat status {};
  ASSERT_EQ(stat((terminal.home() / ".coroecho_history").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ClientInteractive, KeepsNoHistoryWhenToldSo) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port(), "--no-history"));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("forget me");
  terminal.wait_for("recv from server:forget me");
  terminal.enter(":quit");
  terminal.wait_for("exit=0");
  EXPECT_FALSE(std::filesystem::exists(terminal.home() / ".coroecho_history"));
}

TEST(ClientInteractive, CompletesCommandsAndFiles) {
  const Server server;
  const Terminal terminal("cd $HOME; echo content > some-file; " + client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.type(":rec");
  terminal.press("Tab");
  terminal.wait_for_last_line(prompt(server.port()) + " :reconnect");
  terminal.press("C-c");
  terminal.type(":se");
  terminal.press("Tab");
  terminal.type("some");
  terminal.press("Tab");
  terminal.wait_for_last_line(prompt(server.port()) + " :send some-file");
  terminal.press("Enter");
  terminal.wait_for("some-file: 8 B came back the same");
}

// ---- commands

TEST(ClientInteractive, ExplainsItsCommands) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":help");
  const auto screen = terminal.wait_for("Ctrl-C clears the line");
  for (const auto* name :
       {":stats", ":ping N", ":send FILE", ":hex on|off", ":close", ":reconnect", ":quit"}) {
    expect_contains(screen, name);
  }
  terminal.enter(":nonsense");
  terminal.wait_for(":nonsense is no command");
}

TEST(ClientInteractive, PingsWhileThePromptStaysUsable) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":ping 3");
  terminal.enter("meanwhile");
  terminal.wait_for("recv from server:meanwhile");
  const auto screen = terminal.wait_for("round trip p50/p95/p99");
  expect_contains(screen, "echo 1 of 3: 56 bytes in ");
  expect_contains(screen, "echo 3 of 3: 56 bytes in ");
}

TEST(ClientInteractive, SendsAFileAndSaysWhenAllOfItCameBack) {
  const Server server;
  const TemporaryDirectory directory;
  const auto file = directory.write("data", random_bytes(std::size_t{20} << 20U));
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":send " + file.string());
  const auto screen = terminal.wait_for("20.0 MiB came back the same in ");
  EXPECT_EQ(count(screen, "came back the same in"), 1U) << screen;
  terminal.enter(":send /does/not/exist");
  terminal.wait_for("/does/not/exist: No such file or directory");
  terminal.enter(":send /");
  terminal.wait_for("/: Is a directory");
}

TEST(ClientInteractive, StopsSendingAFileOnControlC) {
  std::atomic<bool> begun = false;
  const FaultyServer server([&](FaultyConnection& connection, int) {
    connection.receive(1);
    begun = true;
    connection.be_silent();
  });
  const TemporaryDirectory directory;
  const auto file = directory.write("data", random_bytes(std::size_t{20} << 20U));
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":send " + file.string());
  while (!begun)
    std::this_thread::sleep_for(5ms);
  terminal.press("C-c");
  terminal.wait_for("data: stopped after ");
}

TEST(ClientInteractive, SendsAColonForTwo) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("::quit");
  terminal.wait_for("recv from server::quit");
}

TEST(ClientInteractive, ShowsBytesWhenAsked) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":hex on");
  terminal.enter("hello");
  terminal.wait_for("00000000  68 65 6c 6c 6f 0a                                 |hello.|");
  terminal.enter(":hex off");
  terminal.enter("text");
  terminal.wait_for("recv from server:text");
}

TEST(ClientInteractive, ClosesAndReconnectsOnCommand) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":close");
  terminal.wait_for_last_line("not connected>");
  server.log().wait_for_line("client 1 disconnected");
  terminal.enter(":reconnect");
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter(":reconnect");
  server.log().wait_for_line("client 2 disconnected");
  terminal.enter("third");
  terminal.wait_for("recv from server:third");
  terminal.enter(":stats");
  terminal.wait_for("sent 6 B, 6 B came back the same");
}

// ---- what is on the screen

TEST(ClientInteractive, LetsNothingFromTheNetworkControlTheTerminal) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.press("C-v");
  terminal.press("Escape");
  terminal.enter("[2J");
  terminal.wait_for("recv from server:\\x1b[2J");
}

TEST(ClientInteractive, TakesAndShowsUtf8) {
  const Server server;
  const Terminal terminal(client_in_shell(server.port()));
  terminal.wait_for_last_line(prompt(server.port()));
  terminal.enter("grüße 漢字");
  terminal.wait_for("recv from server:grüße 漢字");
}

TEST(ClientInteractive, HasColoursUnlessNoColorIsSet) {
  const Server server;
  const Terminal coloured(client_in_shell(server.port()));
  coloured.wait_for_last_line(prompt(server.port()));
  expect_contains(coloured.coloured_screen(), "\033[");
  const Terminal plain("NO_COLOR=1 " + client_in_shell(server.port()));
  plain.wait_for_last_line(prompt(server.port()));
  plain.enter("x");
  plain.wait_for("recv from server:x");
  expect_lacks(plain.coloured_screen(), "\033[");
}

// ---- the progress of a long transfer

TEST(ClientProgress, IsShownToAPersonWhileALongInputGoesThrough) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    while (const auto bytes = connection.receive()) {
      connection.wait(20ms);
      connection.send(*bytes);
    }
  });
  const TemporaryDirectory directory;
  const auto file = directory.write("data", random_bytes(std::size_t{16} << 20U));
  const Terminal terminal(client_in_shell(server.port(), "< " + file.string() + " > /dev/null"));
  terminal.wait_for("% ");
  expect_contains(terminal.wait_for(" of 16.0 MiB"), "[");
  // The progress is wiped at the end.
  EXPECT_EQ(terminal.wait_for("exit=0"), "exit=0");
}

TEST(ClientProgress, IsShownWhileABenchmarkRuns) {
  const Server server;
  const Terminal terminal(
      client_in_shell(server.port(), "--bench --duration 2 --warmup 100ms > /dev/null"));
  expect_contains(terminal.wait_for(" echoes/s"), "of 2.1 s");
  EXPECT_EQ(terminal.wait_for("exit=0"), "exit=0");
}

}  // namespace
}  // namespace service
