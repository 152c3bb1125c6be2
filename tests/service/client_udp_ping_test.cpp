#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/datagram_client.hpp"
#include "tests/service/lossy_path.hpp"
#include "tests/service/process.hpp"
#include "tests/service/server.hpp"

// coroecho-client --ping --udp: its figures are those of what the path really did.
namespace service {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Fate = LossyPath::Fate;

std::vector<std::string> udp_ping(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {COROECHO_CLIENT, "--ping", "--udp", "127.0.0.1", std::to_string(port)});
  return more;
}

// The JSON lines of a run, and its exit code.
struct Lines {
  explicit Lines(const Finished& finished) : exit_code(finished.exit_code) {
    std::istringstream text(finished.output);
    for (std::string line; std::getline(text, line);)
      all.push_back(json::parse(line));
    if (all.empty()) throw std::runtime_error("no line: " + finished.errors);
  }

  std::size_t count(const std::string& event) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const json& line) { return line["event"] == event; }));
  }
  const json& summary() const { return all.back(); }
  std::uint64_t operator[](const std::string& name) const { return summary().at(name); }

  int exit_code;
  std::vector<json> all;
};

Lines json_of(std::uint16_t port, std::vector<std::string> more) {
  more.emplace_back("--json");
  return Lines(run(udp_ping(port, more)));
}

TEST(ClientUdpPing, ShowsALineForEachEchoAndASummaryAtTheCount) {
  const LossyPath path(unharmed);
  const auto finished = run(udp_ping(path.port(), {"-c", "3", "-i", "20ms", "-s", "100"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  const auto peer = "127.0.0.1:" + std::to_string(path.port());
  expect_contains(finished.output, "sending 100 bytes by UDP to " + peer);
  expect_contains(finished.output, "100 bytes from " + peer + ": seq=3 time=");
  expect_contains(finished.output, "3 sent, 3 received, 0 mismatched, 0 lost (0% loss)");
  expect_contains(finished.output, "0 duplicates, 0 reordered, 0 late");
  expect_contains(finished.output, "round trip p50/p95/p99 = ");
  expect_contains(finished.output, "jitter ");
}

TEST(ClientUdpPing, CountsByThePatternOfThePath) {
  // Of each ten: the third is lost, the fifth comes twice, the seventh after the eighth.
  const LossyPath path([](std::uint64_t number, std::string&) {
    Fate fate;
    if (number % 10 == 3) fate.copies = 0;
    if (number % 10 == 5) fate.copies = 2;
    fate.overtaken = number % 10 == 7;
    return fate;
  });
  const auto lines = json_of(path.port(), {"-c", "200", "-i", "3ms"});
  EXPECT_EQ(lines.exit_code, 1);
  EXPECT_EQ(lines["sent"], path.requests());
  EXPECT_EQ(lines["lost"], path.lost());
  EXPECT_EQ(lines["duplicates"], path.doubled());
  EXPECT_EQ(lines["reordered"], path.overtaken());
  EXPECT_EQ(lines["received"], 180U);
  EXPECT_EQ(lines["lost"], 20U);
  EXPECT_EQ(lines["duplicates"], 20U);
  EXPECT_EQ(lines["foreign"] + lines["errors"] + lines["late"] + lines["mismatched"], 0U);
  EXPECT_EQ(lines.count("reply"), 180U);
  EXPECT_EQ(lines.count("lost"), 20U);
  EXPECT_EQ(lines.count("duplicate"), 20U);
}

TEST(ClientUdpPing, CountsWhatHappensAtRandom) {
  const LossyPath path(LossyPath::at_random({.lost = 0.1, .doubled = 0.1, .overtaken = 0.1}));
  const auto lines = json_of(path.port(), {"-q", "-c", "2000", "-i", "0.0005", "-W", "500ms"});
  EXPECT_EQ(lines["sent"], path.requests());
  EXPECT_EQ(lines["lost"], path.lost());
  EXPECT_EQ(lines["duplicates"], path.doubled());
  EXPECT_EQ(lines["reordered"], path.overtaken());
  EXPECT_GT(path.lost(), 100U);
  EXPECT_GT(path.doubled(), 100U);
  EXPECT_GT(path.overtaken(), 50U);
}

TEST(ClientUdpPing, CallsAnEchoLateThatComesAfterTheWait) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return Fate{.copies = number == 1 ? 2 : 1, .delay = number == 1 ? 300ms : 0ms};
  });
  const auto lines = json_of(path.port(), {"-c", "2", "-i", "600ms", "-W", "100ms"});
  EXPECT_EQ(lines.exit_code, 1);
  EXPECT_EQ(lines["received"], 1U);
  EXPECT_EQ(lines["lost"], 1U);
  EXPECT_EQ(lines["late"], 1U);
  EXPECT_EQ(lines["duplicates"], 1U);
  EXPECT_EQ(lines.count("late"), 1U);
}

// J = J + (|D| - J) / 16, from arrival to arrival. Every other echo takes 20 ms longer.
TEST(ClientUdpPing, HasTheJitterOfThePath) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return Fate{.delay = number % 2 == 0 ? 20ms : 0ms};
  });
  const auto lines = json_of(path.port(), {"-c", "60", "-i", "30ms"});
  double expected = 0;
  std::optional<double> before;
  for (const auto& line : lines.all) {
    if (line["event"] != "reply") continue;
    const double time = line["time_ms"];
    if (before) expected += (std::abs(time - *before) - expected) / 16;
    before = time;
  }
  EXPECT_NEAR(lines.summary().at("jitter"), expected, 0.001);
  EXPECT_GT(expected, 10);
}

TEST(ClientUdpPing, TellsChangedFromForeignDatagrams) {
  const LossyPath path([](std::uint64_t number, std::string& payload) {
    if (number == 1) payload[20] = static_cast<char>(payload[20] + 1);  // changed
    if (number == 2) payload.resize(30);                                // cut
    if (number == 3) payload[5] = static_cast<char>(payload[5] + 1);    // another's tag
    if (number == 4) payload = "hello";                                 // of no run
    return Fate{};
  });
  const auto finished =
      run(udp_ping(path.port(), {"-c", "6", "-i", "20ms", "-W", "200ms", "--json"}));
  const Lines lines(finished);
  EXPECT_EQ(lines.exit_code, 1);
  EXPECT_EQ(lines["mismatched"], 2U);
  EXPECT_EQ(lines["foreign"], 2U);
  EXPECT_EQ(lines["lost"], 2U);
  EXPECT_EQ(lines["received"], 2U);
  expect_contains(finished.errors, "coroecho-client: mismatch: seq=1 at offset 20: expected 0x");
  expect_contains(finished.errors, "mismatch: 56 bytes of seq=2 came back as 30: ");
}

TEST(ClientUdpPing, SendsDatagramsOfAnySizeAndNoneAtAll) {
  const LossyPath path(unharmed);
  for (const auto* const size : {"0", "1", "4", "7", "8", "1472", "20000", "65507"}) {
    const auto lines = json_of(path.port(), {"-c", "3", "-i", "10ms", "-s", size});
    EXPECT_EQ(lines.exit_code, 0) << size;
    EXPECT_EQ(lines["received"], 3U) << size;
  }
}

TEST(ClientUdpPing, CountsTheCopiesOfEmptyDatagrams) {
  const LossyPath path([](std::uint64_t, std::string&) { return Fate{.copies = 2}; });
  const auto lines = json_of(path.port(), {"-c", "3", "-i", "30ms", "-s", "0"});
  EXPECT_EQ(lines["received"], 3U);
  EXPECT_GE(lines["duplicates"], 2U);  // the copy of the last is not waited for
}

TEST(ClientUdpPing, ReportsThatNothingListensAndGoesOn) {
  std::uint16_t port = 0;
  { port = LossyPath(unharmed).port(); }
  const auto finished = run(udp_ping(port, {"-c", "3", "-i", "20ms", "-W", "30"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: refused: nothing listens on ");
  expect_contains(finished.output, "error from 127.0.0.1: seq=3 Connection refused");
  expect_contains(finished.output, "3 sent, 0 received, 0 mismatched, 3 lost (100% loss)");
  expect_contains(finished.output, "3 errors");
}

TEST(ClientUdpPing, GoesOnWithTheNextEchoWhenTheServiceIsBack) {
  std::optional<LossyPath> path(std::in_place, unharmed);
  const auto port = path->port();
  path.reset();
  Process process(udp_ping(port, {"-i", "20ms"}));
  process.output().wait_for_line("Connection refused");
  const LossyPath forward(unharmed);
  Process back({"socat", "UDP4-LISTEN:" + std::to_string(port) + ",bind=127.0.0.1",
                "UDP4:127.0.0.1:" + std::to_string(forward.port())});
  process.output().wait_for_line("56 bytes from 127.0.0.1:");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
}

TEST(ClientUdpPing, SendsTheNextWhenTheOneBeforeHasComeBackWithoutAnInterval) {
  const LossyPath path(unharmed);
  const auto lines = json_of(path.port(), {"-c", "1000", "-i", "0", "-q"});
  EXPECT_EQ(lines.exit_code, 0);
  EXPECT_EQ(lines["received"], 1000U);
}

// With a pause before each of them, four hundred take longer than the deadline.
TEST(ClientUdpPing, PausesNoLongerWhenTheServiceIsBack) {
  std::uint16_t port = 0;
  { port = LossyPath(unharmed).port(); }
  Process process(udp_ping(port, {"-i", "0", "-c", "400", "-w", "4"}));
  process.output().wait_for_line("Connection refused");
  const LossyPath forward(unharmed);
  Process back({"socat", "UDP4-LISTEN:" + std::to_string(port) + ",bind=127.0.0.1",
                "UDP4:127.0.0.1:" + std::to_string(forward.port())});
  process.output().wait_for_line("400 sent, ");
}

TEST(ClientUdpPing, PausesAfterAnErrorWithoutAnInterval) {
  std::uint16_t port = 0;
  { port = LossyPath(unharmed).port(); }
  const auto lines = json_of(port, {"-i", "0", "-w", "200ms", "-q"});
  EXPECT_EQ(lines.exit_code, 1);
  EXPECT_GT(lines["errors"], 1U);
  EXPECT_LE(lines["errors"], 30U);
}

TEST(ClientUdpPing, MarksItsDatagramsWithTheServiceClass) {
  const DatagramClient receiver;
  const int on = 1;
  ASSERT_EQ(setsockopt(receiver.descriptor(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  run(udp_ping(receiver.port(), {"-c", "1", "-W", "50ms", "--dscp", "AF41"}));
  std::array<char, 256> payload{};
  std::array<char, 256> control{};
  iovec place{payload.data(), payload.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ASSERT_EQ(recvmsg(receiver.descriptor(), &message, MSG_DONTWAIT), 56);
  auto* header = CMSG_FIRSTHDR(&message);
  while (header != nullptr && header->cmsg_type != IP_TOS)
    header = CMSG_NXTHDR(&message, header);
  ASSERT_NE(header, nullptr);
  EXPECT_EQ(*CMSG_DATA(header), 34 << 2);
}

TEST(ClientUdpPing, ReachesTheServiceByBothFamiliesAndWithDatagramsOfAnySize) {
  const Server server("{host: [127.0.0.1, \"::1\"], port: 0, udp: {port: 0, rate: 0}}", {});
  for (const auto* const size : {"0", "8", "65507"}) {
    const auto lines = json_of(server.port("udp 127.0.0.1"), {"-c", "3", "-i", "10ms", "-s", size});
    EXPECT_EQ(lines.exit_code, 0) << size;
  }
  const auto port = std::to_string(server.port("udp [::1]"));
  const auto finished =
      run({COROECHO_CLIENT, "--ping", "--udp", "::1", port, "-c", "3", "-i", "0"});
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
}

TEST(ClientUdpPing, SeesThroughAPathToTheServiceWhatThePathDid) {
  const Server server("{udp: {port: 0, rate: 0}}");
  const LossyPath path(LossyPath::at_random({.lost = 0.1, .doubled = 0.1, .overtaken = 0.1}),
                       server.port("udp 127.0.0.1"));
  const auto lines = json_of(path.port(), {"-q", "-c", "500", "-i", "0.001", "-W", "500ms"});
  EXPECT_EQ(lines["sent"], path.requests());
  EXPECT_EQ(lines["lost"], path.lost());
  EXPECT_EQ(lines["duplicates"], path.doubled());
  EXPECT_EQ(lines["reordered"], path.overtaken());
}

TEST(ClientUdpPing, EndsAtTheDeadlineAndExits1WhenNotAllCameBackByThen) {
  const LossyPath path(unharmed);
  EXPECT_EQ(json_of(path.port(), {"-i", "10ms", "-w", "2"}).exit_code, 0);
  EXPECT_EQ(json_of(path.port(), {"-i", "50ms", "-w", "200ms", "-c", "1000"}).exit_code, 1);
}

TEST(ClientUdpPing, NeverExits0WithoutAnEchoAndSumsUpOnControlC) {
  const LossyPath path([](std::uint64_t, std::string&) { return Fate{.copies = 0}; });
  Process process(udp_ping(path.port(), {"-W", "30", "-i", "20ms"}));
  process.output().wait_for_line("sending");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  expect_contains(process.output().wait_for_end(), "0 received, 0 mismatched, 0 lost");
}

TEST(ClientUdpPing, SumsUpOnSigquitAndGoesOn) {
  const LossyPath path(unharmed);
  Process process(udp_ping(path.port(), {"-i", "20ms"}));
  process.output().wait_for_line("seq=2");
  process.signal(SIGQUIT);
  process.errors().wait_for_line("0 duplicates, 0 reordered");
  const auto so_far = process.output().count_lines("seq=");
  process.output().wait_for_line("seq=" + std::to_string(so_far + 3));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0);
}

TEST(ClientUdpPing, LooksAtTheSocketAfterAPauseBeforeItCallsAnEchoLost) {
  std::atomic<int> echoes = 0;
  const LossyPath path([&](std::uint64_t, std::string&) {
    ++echoes;
    return Fate{.delay = 200ms};
  });
  Process process(udp_ping(path.port(), {"-c", "1", "-W", "500ms"}));
  while (echoes == 0)
    std::this_thread::sleep_for(1ms);
  process.signal(SIGSTOP);
  std::this_thread::sleep_for(700ms);  // beyond --wait
  process.signal(SIGCONT);
  EXPECT_EQ(process.wait(), 0);
}

// One after the other: a pipe makes one of two datagrams that wait in it.
TEST(ClientUdpPing, WorksWithNcatAndSocat) {
  Process socat({"socat", "-d", "-d", "UDP4-LISTEN:0,bind=127.0.0.1", "PIPE"});
  const auto line = socat.errors().wait_for_line("listening on");
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  EXPECT_EQ(run(udp_ping(port, {"-c", "3", "-i", "0", "-W", "20"})).exit_code, 0);

  std::uint16_t free_port = 0;
  { free_port = LossyPath(unharmed).port(); }
  Process ncat(
      {"ncat", "-v", "-l", "-u", "-e", "/bin/cat", "127.0.0.1", std::to_string(free_port)});
  ncat.errors().wait_for_line("Listening on");
  EXPECT_EQ(run(udp_ping(free_port, {"-c", "3", "-i", "0", "-W", "20"})).exit_code, 0);
}

}  // namespace
}  // namespace service
