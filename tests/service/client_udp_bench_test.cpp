#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/datagram_client.hpp"
#include "tests/service/lossy_path.hpp"
#include "tests/service/process.hpp"
#include "tests/service/server.hpp"

// coroecho-client --bench --udp: its figures are those of the path.
namespace service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> udp_bench(std::uint16_t port, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = {COROECHO_CLIENT, "--bench", "--udp", "127.0.0.1",
                                      std::to_string(port)};
  for (const char* const each : {"--duration", "300ms", "--warmup", "0", "--connections", "4"}) {
    command.emplace_back(each);
  }
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

// Nothing is sent twice by this client: each datagram that was sent is an echo or lost.
void expect_figures_of(const LossyPath& path, const std::string& json) {
  std::istringstream figures(
      evaluate(json, "r['sent'] - r['echoes'], r['lost'], r['duplicates'], r['reordered']"));
  std::array<double, 4> figure{};
  for (auto& each : figure) {
    figures >> each;
  }
  const std::array truth = {path.lost(), path.lost(), path.doubled(), path.overtaken()};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto true_figure = static_cast<double>(truth[i]);
    EXPECT_GT(true_figure, 10) << i;
    EXPECT_NEAR(figure[i], true_figure, 0.2 * true_figure) << i << '\n' << json;
  }
}

TEST(ClientUdpBench, MeasuresAPathThatLosesNothingWithoutAFailure) {
  const LossyPath path(unharmed);
  const auto finished = run(udp_bench(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_THAT(finished.output, HasSubstr(" udp: 4 sockets, 64 B each message, 1 under way"));
  EXPECT_THAT(finished.output, HasSubstr(" sent, 0 lost (0 %), 0 duplicates, 0 reordered\n"));
  EXPECT_THAT(finished.output, HasSubstr("failures     none"));
  EXPECT_THAT(finished.output, HasSubstr("p99.99 "));
}

TEST(ClientUdpBench, CountsWithinAFifthWhatALossyPathToTheServiceDidAtARate) {
  const Server server("udp: {port: 0, rate: 0}");
  const auto listening = server.log().wait_for_line("listening on udp 127.0.0.1:");
  const auto service = std::stoul(listening.substr(listening.rfind(':') + 1));
  const LossyPath path(LossyPath::at_random({.lost = 0.1, .doubled = 0.1, .overtaken = 0.1}),
                       static_cast<std::uint16_t>(service));
  const auto finished = run(
      udp_bench(path.port(), {"--rate", "2000", "--threads", "2", "--wait", "200ms", "--json"}));
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  expect_figures_of(path, finished.output);
}

TEST(ClientUdpBench, CountsWithinAFifthWhatALossyPathDidAsFastAsPossible) {
  const LossyPath path(LossyPath::at_random({.lost = 0.02, .doubled = 0.02, .overtaken = 0.05}));
  const auto finished =
      run(udp_bench(path.port(), {"--pipeline", "8", "--wait", "200ms", "--json"}));
  EXPECT_EQ(finished.exit_code, 1) << finished.output;
  expect_figures_of(path, finished.output);
}

// Each tenth is lost, and one that is lost would hold its socket up for a second.
TEST(ClientUdpBench, DoesNotWaitForWhatIsProbablyLost) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number % 10 == 0 ? 0 : 1};
  });
  const auto finished = run(udp_bench(path.port(), {"--duration", "500ms", "--json"}));
  EXPECT_EQ(evaluate(finished.output, "r['sent'] > 200"), "True\n") << finished.output;
}

// However many are under way: by UDP nothing but its clock decides when a client sends.
TEST(ClientUdpBench, SendsWhatIsDueWhileNothingComesBack) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.delay = number == 1 ? 0ms : 200ms};
  });
  const auto finished =
      run(udp_bench(path.port(), {"--connections", "1", "--rate", "100", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output, "r['sent'], r['lost'], r['latency_ms']['p50'] >= 199"),
            "30 0 True\n")
      << finished.output;
}

TEST(ClientUdpBench, CountsAnEchoThatComesAfterItsTimeAsLostAndLate) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.delay = number == 11 ? 250ms : 0ms};
  });
  const auto finished =
      run(udp_bench(path.port(), {"--connections", "1", "--rate", "100", "--duration", "500ms",
                                  "--wait", "100ms", "--json"}));
  EXPECT_EQ(evaluate(finished.output, "r['sent'], r['lost'], r['late']"), "50 1 1\n")
      << finished.output;
}

TEST(ClientUdpBench, VerifiesEveryByteAndKnowsForeignDatagrams) {
  const LossyPath path([](std::uint64_t number, std::string& payload) {
    if (number == 2) payload.back() ^= 1;
    if (number == 3) payload.pop_back();
    if (number == 4) payload += "!";
    if (number == 5) payload[5] ^= 1;
    return LossyPath::Fate{};
  });
  const auto finished = run(udp_bench(path.port(), {"--rate", "100", "--wait", "100ms", "--json"}));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: mismatch: at offset 63: expected 0x"));
  EXPECT_EQ(evaluate(finished.output, "r['sent'], r['lost'], r['changed'], r['foreign']"),
            "30 4 3 1\n")
      << finished.output;
}

TEST(ClientUdpBench, HasAllSizesFromAHeaderToTheLargestDatagram) {
  const LossyPath path(unharmed);
  for (const char* const size : {"8", "9", "65507"}) {
    const auto finished =
        run(udp_bench(path.port(), {"--size", size, "--pipeline", "2", "--duration", "500ms"}));
    EXPECT_EQ(finished.exit_code, 0) << size << finished.errors << finished.output;
  }
}

TEST(ClientUdpBench, LooksAtItsSocketsAfterAPauseBeforeItCallsAnythingLost) {
  const LossyPath path(unharmed);
  Process process(udp_bench(path.port(), {"--rate", "100", "--wait", "200ms", "--json"}));
  while (path.echoes() < 10) {
    std::this_thread::yield();
  }
  process.signal(SIGSTOP);
  std::this_thread::sleep_for(1s);  // beyond the end and --wait
  process.signal(SIGCONT);
  EXPECT_EQ(process.wait(), 0) << process.errors().text();
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['sent'], r['echoes'], r['lost']"),
            "30 30 0\n");
}

// More copies arrive while the client stands still than its socket has room for.
TEST(ClientUdpBench, CountsTheDatagramsThatItsOwnSocketHadNoRoomFor) {
  std::atomic<pid_t> client = 0;
  const LossyPath path([&](std::uint64_t number, std::string&) {
    const auto stopped = number < 10 ? 0 : client.exchange(0);
    if (stopped == 0) return LossyPath::Fate{};
    kill(stopped, SIGSTOP);
    return LossyPath::Fate{.copies = 10'000};
  });
  Process process(
      udp_bench(path.port(), {"--duration", "500ms", "--rate", "100", "--size", "1000", "--json"}));
  client = process.pid();
  while (path.doubled() == 0)
    std::this_thread::sleep_for(1ms);
  // The path does one thing after the other.
  EXPECT_TRUE(DatagramClient().echo("after all copies", "127.0.0.1", path.port()));
  process.signal(SIGCONT);
  process.wait();
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['overflowed'] > 0"), "True\n");
}

TEST(ClientUdpBench, EndsInTimeAtARateThatCannotBeReached) {
  const LossyPath path(unharmed);
  Finished finished;
  const auto time_to_end = [&] {
    const auto began = Clock::now();
    finished = run(udp_bench(path.port(),
                             {"--rate", "1e9", "--wait", "300ms", "--timeout", "300ms", "--json"}));
    return Clock::now() - began;
  };
  EXPECT_TRUE(once_below(5s, time_to_end));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(evaluate(finished.output,
                     "r['sent'] == r['echoes'] + r['lost'], r['sent'] + r['unsent'] > 2e8"),
            "True True\n")
      << finished.output;
}

TEST(ClientUdpBench, EndsAtOnceIfNothingListens) {
  std::uint16_t port = 0;
  {
    const LossyPath path(unharmed);
    port = path.port();
  }
  const auto finished = run(udp_bench(port));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: refused: nothing listens on "));
  EXPECT_EQ(finished.output, "");
}

TEST(ClientUdpBench, EndsAfterTheTimeoutIfNothingAnswers) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{.copies = 0}; });
  const auto finished = run(udp_bench(path.port(), {"--timeout", "300ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: timeout: no answer from "));
}

TEST(ClientUdpBench, AsksAgainIfTheFirstDatagramsAreLost) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number <= 2 ? 0 : 1};
  });
  const auto finished = run(udp_bench(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors << finished.output;
}

TEST(ClientUdpBench, SaysTheSameInTextAndCsv) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number == 5 ? 0 : number == 7 ? 2 : 1};
  });
  const auto text = run(udp_bench(path.port(), {"--rate", "100", "--wait", "100ms"}));
  EXPECT_THAT(text.output, HasSubstr("30 sent, 1 lost (3.33 %), 1 duplicates, 0 reordered\n"));
  EXPECT_THAT(text.output, HasSubstr("failures     1 echoes lost\n"));
  const auto csv = run(udp_bench(path.port(), {"--rate", "100", "--csv"}));
  EXPECT_THAT(csv.output,
              HasSubstr(",lost,sent,unsent,duplicates,reordered,late,overflowed\nudp,4,64,"));
  EXPECT_THAT(csv.output, HasSubstr(",0,30,0,0,0,0,0\n"));
}

}  // namespace
}  // namespace service
