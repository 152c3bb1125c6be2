#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "tests/service/client.hpp"
#include "tests/service/client_pty.hpp"
#include "tests/service/client_terminal.hpp"
#include "tests/service/injected_failure.hpp"
#include "tests/service/lossy_path.hpp"

// coroecho-client --udp in a real terminal: each line is a datagram.
namespace service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string udp_client_in_shell(std::uint16_t port, const std::string& more = "") {
  return "\"" COROECHO_CLIENT "\" --udp 127.0.0.1 " + std::to_string(port) + " " + more;
}

TEST(ClientUdpInteractive, ShowsEachEchoAndLeavesWhenAllAreBack) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{}; });
  const Terminal terminal(udp_client_in_shell(path.port()));
  terminal.wait_for_last_line(prompt(path.port()));
  EXPECT_THAT(terminal.screen(),
              HasSubstr("datagrams to 127.0.0.1:" + std::to_string(path.port())));
  terminal.enter("hello world");
  terminal.wait_for("recv from server:hello world  (");
  terminal.enter(":ping 2");
  terminal.wait_for("echo 2 of 2: 56 bytes in");
  terminal.press("C-d");
  EXPECT_THAT(terminal.wait_for("exit=0"), HasSubstr("sent 124 B, 124 B came back the same"));
}

TEST(ClientUdpInteractive, WaitsForTheLastEchoOnControlD) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{.delay = 300ms}; });
  const Terminal terminal(udp_client_in_shell(path.port(), "-W 30"));
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter("hello");
  terminal.press("C-d");
  EXPECT_THAT(terminal.wait_for("exit=0"), HasSubstr("recv from server:hello  ("));
}

TEST(ClientUdpInteractive, ReportsALostLineAndStaysUsable) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number == 1 ? 0 : 1};
  });
  const Terminal terminal(udp_client_in_shell(path.port(), "-W 200ms"));
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter("first");
  terminal.wait_for("coroecho-client: timeout: no echo from 127.0.0.1:");
  terminal.enter("second");
  terminal.wait_for("recv from server:second  (");
  terminal.press("C-d");
  terminal.wait_for("exit=1");
}

TEST(ClientUdpInteractive, MarksWhatCameAgainLateOrChanged) {
  const LossyPath path([](std::uint64_t number, std::string& payload) {
    if (number == 3) payload = "THREE\n";
    return LossyPath::Fate{.copies = number <= 2 ? 2 : 1, .delay = number == 2 ? 500ms : 0ms};
  });
  const Terminal terminal(udp_client_in_shell(path.port(), "-W 200ms"));
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter("one");
  terminal.wait_for("recv from server:one  (again)");
  terminal.enter("two");
  terminal.wait_for("recv from server:two  (late)");
  terminal.wait_for("recv from server:two  (again)");
  terminal.enter("three");
  terminal.wait_for("recv from server:THREE  (not what was sent)");
}

TEST(ClientUdpInteractive, LooksAtTheSocketAfterAPauseBeforeItCallsALineLost) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{.delay = 200ms}; });
  Pty pty({COROECHO_CLIENT, "--udp", "127.0.0.1", std::to_string(path.port()), "-W", "500ms"});
  pty.wait_for("> ");
  pty.type("hello\n");
  while (path.echoes() == 0)
    std::this_thread::sleep_for(1ms);
  kill(pty.pid(), SIGSTOP);
  std::this_thread::sleep_for(700ms);  // beyond --wait
  kill(pty.pid(), SIGCONT);
  pty.wait_for("recv from server:");
  pty.type("\x04");
  EXPECT_EQ(pty.wait(), 0) << pty.written();
}

TEST(ClientUdpInteractive, ReportsThatNothingListensForEachLine) {
  std::uint16_t port = 0;
  {
    const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{}; });
    port = path.port();
  }
  const Terminal terminal(udp_client_in_shell(port));
  terminal.wait_for_last_line(prompt(port));
  terminal.enter("hello");
  terminal.wait_for("coroecho-client: refused: nothing listens on ");
  terminal.press("C-d");
  terminal.wait_for("exit=1");
}

// A firewall of this machine refuses them.
TEST(ClientUdpInteractive, LosesWhatTheKernelDoesNotSendAndStaysUsable) {
  const LossyPath path(unharmed);
  std::string failing;
  for (const auto& word : with_failing("sendto:error=EPERM:when=1..2"))
    failing += word + ' ';
  const Terminal terminal(failing + udp_client_in_shell(path.port()));
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter(":ping 2");
  terminal.wait_for("coroecho-client: local: cannot send a datagram to 127.0.0.1:");
  terminal.wait_for("echo 2 of 2: 56 bytes in");
  terminal.press("C-d");
  terminal.wait_for("exit=1");
}

TEST(ClientUdpInteractive, SendsASmallFileAsADatagramAndNoLargerOne) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{}; });
  const Terminal terminal(udp_client_in_shell(path.port()));
  const auto small = terminal.home().path() / "small";
  const auto large = terminal.home().path() / "large";
  std::ofstream(small) << std::string(65507, 's');
  std::ofstream(large) << std::string(65508, 'l');
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter(":send " + large.string());
  terminal.wait_for("a datagram has at most 65507 bytes");
  terminal.enter(":send " + small.string());
  terminal.wait_for("64.0 KiB came back the same in");
  EXPECT_EQ(path.requests(), 1U);
}

TEST(ClientUdpInteractive, ClosesAndOpensItsSocketByCommand) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{}; });
  const Terminal terminal(udp_client_in_shell(path.port()));
  terminal.wait_for_last_line(prompt(path.port()));
  terminal.enter(":close");
  terminal.wait_for_last_line("not connected>");
  terminal.enter("again");
  terminal.wait_for("recv from server:again  (");
  terminal.enter(":reconnect");
  terminal.enter("anew");
  terminal.wait_for("recv from server:anew  (");
  terminal.press("C-d");
  terminal.wait_for("exit=0");
}

}  // namespace
}  // namespace service
