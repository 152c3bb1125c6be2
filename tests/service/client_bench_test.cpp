#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/service/black_hole.hpp"
#include "tests/service/client.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/closed_port.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

// coroecho-client --bench: its report is true, however fast the machine is.
namespace service {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> bench(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {COROECHO_CLIENT, "--bench", "127.0.0.1", std::to_string(port),
                             "--duration", "300ms", "--warmup", "50ms", "--connections", "8"});
  return more;
}

class ClientBenchMode : public testing::TestWithParam<const char*> {};

TEST_P(ClientBenchMode, MeasuresThisServerWithoutAFailure) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--mode", GetParam()}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "failures     none");
  expect_contains(finished.output, "p99.99 ");
  expect_contains(finished.output, "#");
}

TEST_P(ClientBenchMode, VerifiesEveryByte) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    while (auto bytes = connection.receive()) {
      bytes->back() ^= 1;
      connection.send(*bytes);
    }
  });
  const auto finished = run(bench(server.port(), {"--mode", GetParam()}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: mismatch: at offset ");
  expect_contains(finished.output, " mismatch");
}

INSTANTIATE_TEST_SUITE_P(Modes, ClientBenchMode,
                         testing::Values("pingpong", "stream", "churn", "idle"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST(ClientBench, SharesTheConnectionsAmongThreads) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--threads", "3", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output, "r['connected'], r['echoes'] > 0"), "8 True\n");
}

TEST(ClientBench, HasNoMoreThreadsThanConnections) {
  const Server server;
  const auto finished =
      run(bench(server.port(), {"--connections", "2", "--threads", "8", "--json"}));
  EXPECT_EQ(evaluate(finished.output, "r['threads']"), "2\n");
}

TEST(ClientBench, CountsTheSameInItsHistogramAsItSays) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--pipeline", "4", "--json"}));
  EXPECT_EQ(evaluate(finished.output,
                     "sum(b['count'] for b in r['histogram']) == r['echoes'], r['bytes'] >= 64 * "
                     "(r['echoes'] - 32)"),
            "True True\n");
}

TEST(ClientBench, LeavesTheWarmUpOutOfItsRates) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--json"}));
  EXPECT_EQ(evaluate(finished.output, "all(each['at_s'] >= 0.05 for each in r['rates'])"), "True\n")
      << finished.output;
}

TEST(ClientBench, KeepsTheRateItIsGiven) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--rate", "200", "--duration", "1", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output, "190 <= r['echoes'] <= 210"), "True\n") << finished.output;
}

// Messages are due also while the server stands still. Those that could not be sent have waited
// too.
TEST(ClientBench, CountsLatencyFromWhenAMessageWasMeantToBeSent) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(64));
    connection.wait(800ms);
    connection.echo_until_end();
  });
  const auto finished = run(bench(server.port(), {"--connections", "1", "--rate", "100", "--warmup",
                                                  "1ms", "--duration", "1.5", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output,
                     "sum(b['count'] for b in r['histogram'] if b['from_ns'] > 1e8) >= 50"),
            "True\n")
      << finished.output;
}

// Every message that is due ends as an echo or as lost.
void expect_all_accounted_for(const Finished& finished, int due) {
  EXPECT_EQ(evaluate(finished.output, "r['echoes'] + r['lost']"), std::to_string(due) + "\n")
      << finished.output << finished.errors;
}

std::vector<std::string> bench_at_100(std::uint16_t port, std::vector<std::string> more) {
  more.insert(more.begin(), {"--connections", "4", "--rate", "100", "--warmup", "0", "--duration",
                             "1", "--json"});
  return bench(port, std::move(more));
}

TEST(ClientBench, CountsWhatIsDueWhileTheServerStandsStillAtTheEndAsLate) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(64));
    connection.wait(1500ms);
    connection.echo_until_end();
  });
  const auto finished = run(bench_at_100(server.port(), {}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_all_accounted_for(finished, 100);
  EXPECT_EQ(evaluate(finished.output, "r['lost'], r['latency_ms']['max'] > 1000"), "0 True\n");
}

TEST(ClientBench, CountsWhatIsUnderWayAtTheEndAsLateWithoutARateToo) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(64));
    connection.wait(800ms);
    connection.echo_until_end();
  });
  const auto finished = run(bench(server.port(), {"--json", "--warmup", "0"}));
  EXPECT_EQ(evaluate(finished.output, "r['lost'], r['latency_ms']['max'] > 500"), "0 True\n")
      << finished.output;
}

TEST(ClientBench, CountsWhatIsDueAtAServerThatFallsSilentAsLost) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.send(connection.receive(64));
    connection.be_silent();
  });
  const auto finished = run(bench_at_100(server.port(), {"--timeout", "300ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_all_accounted_for(finished, 100);
  EXPECT_EQ(evaluate(finished.output, "r['echoes'], r['failures']"), "4 {'timeout': 4}\n");
}

TEST(ClientBench, CountsWhatIsDueOnAConnectionThatFailedAsLost) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    if (number > 1) return connection.echo_until_end();
    connection.send(connection.receive(64));
    connection.receive(64);
    connection.reset();
  });
  const auto finished = run(bench_at_100(server.port(), {}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_all_accounted_for(finished, 100);
  EXPECT_EQ(evaluate(finished.output, "r['echoes'], r['failures']"), "76 {'reset': 1}\n");
}

TEST(ClientBench, CountsWhatIsDueAsLostWhereNoConnectionCanBeMadeAnyMore) {
  std::optional<FaultyServer> server;
  std::atomic<int> echoes = 0;
  server.emplace([&](FaultyConnection& connection, int) {
    connection.send(connection.receive(64));
    ++echoes;
  });
  Process process(bench_at_100(server->port(), {"--mode", "churn", "--timeout", "1s"}));
  while (echoes < 20)
    std::this_thread::sleep_for(5ms);
  server.reset();
  EXPECT_EQ(process.wait(), 1);
  expect_all_accounted_for({1, process.output().wait_for_end(), process.errors().text()}, 100);
}

TEST(ClientBench, EndsInTimeAtARateThatCannotBeReached) {
  const Server server;
  for (const std::string mode : {"pingpong", "churn"}) {
    Process process(bench(server.port(), {"--rate", "1e9", "--mode", mode, "--json", "--warmup",
                                          "200ms", "--duration", "500ms", "--timeout", "20s"}));
    EXPECT_EQ(process.wait(15s), 1);
    const Finished finished{1, process.output().wait_for_end(), process.errors().text()};
    expect_all_accounted_for(finished, 500'000'000);
    EXPECT_EQ(evaluate(finished.output, "r['echoes'] > 0, r['failures']"), "True {}\n");
  }
}

TEST(ClientBench, SharesARateEvenlyAmongThreadsAndConnections) {
  std::array<std::atomic<std::size_t>, 3> bytes{};
  const FaultyServer server([&](FaultyConnection& connection, int number) {
    while (const auto received = connection.receive()) {
      bytes.at(static_cast<std::size_t>(number - 1)) += received->size();
      connection.send(*received);
    }
  });
  const auto finished = run(bench_at_100(server.port(), {"--connections", "3", "--threads", "3"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  std::vector<std::size_t> messages;
  for (const auto& each : bytes)
    messages.push_back(each / 64);
  EXPECT_THAT(messages, testing::UnorderedElementsAre(34U, 33U, 33U));
}

TEST(ClientBench, LooksAtItsSocketsAfterAPauseBeforeItCallsAnythingLate) {
  const Server server;
  Process process(
      bench(server.port(), {"--rate", "100", "--duration", "500ms", "--timeout", "1s", "--json"}));
  server.log().wait_for_line(" received ", 20);
  process.signal(SIGSTOP);
  std::this_thread::sleep_for(2500ms);  // beyond the end and --timeout
  process.signal(SIGCONT);
  EXPECT_EQ(process.wait(), 0) << process.errors().text();
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['echoes'], r['lost']"), "50 0\n");
}

TEST(ClientBench, CountsConnectionsThatTheServerCloses) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    if (number % 2 == 0) {
      connection.send(connection.receive(64));
      connection.half_close();
      // Closing with the next message unread would be a reset.
      while (connection.receive()) {
      }
      return;
    }
    connection.echo_until_end();
  });
  const auto finished = run(bench(server.port()));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "failures     4 closed");
}

TEST(ClientBench, CountsEchoesThatNeverCome) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  const auto finished = run(bench(server.port(), {"--timeout", "300ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "8 timeout, 8 echoes lost");
  EXPECT_EQ(finished.output.find("nan"), std::string::npos) << finished.output;
}

TEST(ClientBench, CountsEchoesThatNeverComeOnNewConnections) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  const auto finished = run(bench(
      server.port(), {"--mode", "churn", "--duration", "100ms", "--timeout", "300ms", "--json"}));
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(evaluate(finished.output, "r['failures'], r['lost']"), "{'timeout': 8} 8\n");
}

TEST(ClientBench, EndsEarlyOnControlCWithWhatItHas) {
  const Server server;
  Process process(bench(server.port(), {"--duration", "1h", "--warmup", "1ms", "--json"}));
  server.log().wait_for_line(" received ", 2000);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0) << process.errors().text();
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['interrupted'], r['elapsed_s'] < 60"),
            "True True\n");
}

// localhost is 127.0.0.1 and ::1.
TEST(ClientBench, WaitsForAnAddressThatDoesNotAnswerOnlyOnce) {
  const BlackHole hole;
  const auto port = std::to_string(hole.port());
  const Server server("", {"--host", "::1", "--port", port});
  const auto finished = run({COROECHO_CLIENT, "--bench", "--mode", "churn", "--connections", "2",
                             "--duration", "1", "--json", "localhost", port});
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output, "r['echoes'] > 20"), "True\n") << finished.output;
}

TEST(ClientBench, EndsAtOnceOnControlCWhileItConnects) {
  for (const std::string mode : {"pingpong", "churn"}) {
    const auto time_to_end = [&] {
      const BlackHole hole;
      Process process(
          bench(hole.port(), {"--mode", mode, "--timeout", "1h", "--duration", "1h", "--json"}));
      hole.wait_for_client();
      const auto interrupted = Clock::now();
      process.signal(SIGINT);
      EXPECT_EQ(process.wait(), 1);
      const auto time = Clock::now() - interrupted;
      EXPECT_EQ(evaluate(process.output().wait_for_end(),
                         "r['interrupted'], r['connected'], r['failures']"),
                "True 0 {}\n");
      return time;
    };
    EXPECT_TRUE(once_below(1s, time_to_end)) << mode << ": as for what is under way";
  }
}

TEST(ClientBench, CountsNoConnectionAsLateThatControlCGivesUpAfterTheMeasuredTime) {
  const BlackHole hole;
  Process process(bench(hole.port(), {"--mode", "churn", "--timeout", "1h", "--json"}));
  std::this_thread::sleep_for(1s);  // usually after --duration, but it ends in any case
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['failures']"), "{}\n");
}

TEST(ClientBench, HasResultsAlsoWhenItIsInterruptedInTheWarmUp) {
  const Server server;
  for (const std::string format : {"--json", "--csv", ""}) {
    auto command = bench(server.port(), {"--warmup", "1h", "--rate", "100"});
    if (!format.empty()) command.push_back(format);
    const auto before = server.log().count_lines(" received ");
    Process process(command);
    server.log().wait_for_line(" received ", before + 10);
    process.signal(SIGINT);
    EXPECT_EQ(process.wait(), 1);
    const auto output = process.output().wait_for_end();
    if (format == "--json") {
      EXPECT_EQ(evaluate(output, "r['interrupted']"), "True\n");
    } else {
      expect_contains(output, format == "--csv" ? ",0.000,0,,,,,,,,,,0,0\n" : "interrupted ");
    }
  }
}

TEST(ClientBench, WaitsForWhatIsUnderWayOnlyUntilControlC) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.receive(64);
    connection.be_silent();
  });
  Process process(bench(server.port(), {"--timeout", "1h", "--json"}));
  std::this_thread::sleep_for(1s);  // usually after --duration, but it ends in any case
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['interrupted'], r['failures']"),
            "True {'timeout': 8}\n");
}

TEST(ClientBench, WaitsNoLongerThanASecondForWhatIsUnderWayAtControlC) {
  std::atomic<int> received = 0;
  const FaultyServer server([&](FaultyConnection& connection, int) {
    connection.receive(64);
    ++received;
    connection.be_silent();
  });
  Process process(bench(server.port(), {"--duration", "1h", "--timeout", "1h", "--json"}));
  while (received < 8)
    std::this_thread::sleep_for(5ms);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['failures']"), "{'timeout': 8}\n");
}

TEST(ClientBench, GivesJsonAndCsvAlsoWhereNothingListens) {
  const ClosedPort closed;
  const auto json = run(bench(closed.port(), {"--json"}));
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_EQ(evaluate(json.output, "r['failure']['class'], r['echoes']"), "refused 0\n");
  expect_contains(run(bench(closed.port(), {"--csv"})).output, "failures,lost\npingpong,8,");
}

TEST(ClientBench, GivesJsonAlsoWhereThisMachineLacksDescriptors) {
  const Server server;
  for (const char* limit : {"--nofile=8", "--nofile=20"}) {
    auto command = bench(server.port(), {"--json", "--connections", "50"});
    command.insert(command.begin(), {"prlimit", limit});
    const auto finished = run(command);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(evaluate(finished.output, "r['failure']['class']"), "local\n") << finished.errors;
  }
}

TEST(ClientBench, SaysThatNothingListens) {
  const ClosedPort closed;
  for (const char* mode : {"pingpong", "churn"}) {
    const auto finished = run(bench(closed.port(), {"--mode", mode}));
    EXPECT_EQ(finished.exit_code, 1);
    expect_contains(finished.errors, "coroecho-client: refused: ");
  }
}

TEST(ClientBench, GivesOneCsvRowUnderItsHeader) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--csv"}));
  const auto rows = run({"python3", "-c",
                         "import sys, csv\n"
                         "rows = list(csv.DictReader(sys.stdin))\n"
                         "print(len(rows), float(rows[0]['p99_ms']) > 0, rows[0]['failures'])"},
                        finished.output);
  EXPECT_EQ(rows.output, "1 True 0\n") << rows.errors;
}

TEST(ClientBench, DrawsAPictureThatIsWellFormed) {
  const Server server;
  const TemporaryDirectory directory;
  const auto picture = (directory / "plot.svg").string();
  EXPECT_EQ(run(bench(server.port(), {"--plot", picture})).exit_code, 0);
  const auto parsed =
      run({"python3", "-c",
           "import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.tagName)",
           picture});
  EXPECT_EQ(parsed.output, "svg\n") << parsed.errors;
}

TEST(ClientBench, ReportsAPictureThatCannotBeWrittenBeforeItBegins) {
  const Server server;
  const auto finished =
      run(bench(server.port(), {"--plot", "/does/not/exist.svg", "--duration", "1h", "--json"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "local: /does/not/exist.svg: No such file or directory");
  EXPECT_EQ(evaluate(finished.output, "r['failure']['class']"), "local\n");
}

TEST(ClientBench, ReportsAPictureThatCannotBeWrittenAtTheEnd) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--plot", "/dev/full", "--json"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "local: /dev/full: No space left on device");
  EXPECT_EQ(evaluate(finished.output, "r['echoes'] > 0, r['failures']"), "True {'local': 1}\n");
}

TEST(ClientBench, BeginsNothingWithoutItsConnectionsHoweverShortTheWarmUp) {
  const ClosedPort closed;
  for (const auto* warmup : {"0", "1"}) {
    const auto finished = run(bench(closed.port(), {"--warmup", warmup, "--json"}));
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(evaluate(finished.output, "r['elapsed_s'], r['rates'], r['failures']"),
              "0.0 [] {'refused': 1}\n");
  }
}

// A thread of the benchmark lacks memory, each time in another place.
TEST(ClientBench, ReportsWhereThereIsNoMemoryForItsThreads) {
  if (sanitized) GTEST_SKIP() << "the limit would stop AddressSanitizer";
  const Server server;
  for (int kibibytes = 40'000; kibibytes <= 120'000; kibibytes += 10'000) {
    const auto limited = "ulimit -v " + std::to_string(kibibytes) + "; exec \"$@\"";
    auto command = bench(server.port(), {"--threads", "16", "--connections", "16", "--json"});
    command.insert(command.begin(), {"sh", "-c", limited, "sh"});
    const auto finished = run(command);
    EXPECT_EQ(finished.exit_code, 1) << finished.errors;
    EXPECT_EQ(evaluate(finished.output, "r['failure']['class']"), "local\n") << finished.errors;
  }
}

TEST(ClientBench, KeepsTheOldPictureWhereThereIsNothingToDraw) {
  const ClosedPort closed;
  const TemporaryDirectory directory;
  const auto old = (directory / "old.svg").string();
  const auto fresh = (directory / "fresh.svg").string();
  std::ofstream(old) << "old";
  EXPECT_EQ(run(bench(closed.port(), {"--plot", old})).exit_code, 1);
  EXPECT_EQ(run(bench(closed.port(), {"--plot", fresh})).exit_code, 1);
  EXPECT_EQ(run(bench(closed.port(), {"--plot", old, "--warmup", "0"})).exit_code, 1);
  const FaultyServer mute([](auto&, int) {});  // closes at once
  EXPECT_EQ(run(bench(mute.port(), {"--plot", old})).exit_code, 1);
  std::string content;
  std::ifstream(old) >> content;
  EXPECT_EQ(content, "old");
  EXPECT_FALSE(std::filesystem::exists(fresh));
}

}  // namespace
}  // namespace service
