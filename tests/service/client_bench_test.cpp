#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/service/client_faulty_server.hpp"
#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

// coroecho-client --bench: that what it says is true, not how fast anything is.
namespace service {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> bench(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {COROECHO_CLIENT, "--bench", "127.0.0.1", std::to_string(port),
                             "--duration", "300ms", "--warmup", "50ms", "--connections", "8"});
  return more;
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}

// The value of an expression over the JSON that is the variable `r`.
std::string evaluate(const std::string& json, const std::string& expression) {
  const auto finished = run(
      {"python3", "-c", "import sys, json; r = json.load(sys.stdin); print(" + expression + ")"},
      json);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors << json;
  return finished.output;
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

TEST(ClientBench, CountsTheSameInItsHistogramAsItSays) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--pipeline", "4", "--json"}));
  EXPECT_EQ(evaluate(finished.output,
                     "sum(b['count'] for b in r['histogram']) == r['echoes'], r['bytes'] >= 64 * "
                     "(r['echoes'] - 32)"),
            "True True\n");
}

TEST(ClientBench, KeepsTheRateItIsGiven) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--rate", "200", "--duration", "1", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(evaluate(finished.output, "190 <= r['echoes'] <= 210"), "True\n") << finished.output;
}

// While the server stands still, messages are due all the same: those that could not be sent have
// waited too.
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

TEST(ClientBench, CountsConnectionsThatTheServerCloses) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    if (number % 2 == 0) {
      connection.send(connection.receive(64));
      connection.half_close();
      // To close with the next message unread would be a reset.
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

TEST(ClientBench, EndsEarlyOnControlCWithWhatItHas) {
  const Server server;
  Process process(bench(server.port(), {"--duration", "1h", "--warmup", "1ms", "--json"}));
  server.log().wait_for_line(" received ", 2000);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0) << process.errors().text();
  EXPECT_EQ(evaluate(process.output().wait_for_end(), "r['interrupted'], r['elapsed_s'] < 60"),
            "True True\n");
}

TEST(ClientBench, SaysThatNothingListens) {
  std::uint16_t port = 0;
  {
    port = FaultyServer([](auto&, int) {}).port();
  }
  const auto finished = run(bench(port));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: refused: ");
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

TEST(ClientBench, Exits1WhenThePictureCannotBeWritten) {
  const Server server;
  const auto finished = run(bench(server.port(), {"--plot", "/does/not/exist.svg"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "/does/not/exist.svg");
}

}  // namespace
}  // namespace service
