#include "client/cli/options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace client {
namespace {

using namespace std::chrono_literals;

boost::system::result<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "coroecho-client");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Options accepted(const std::vector<const char*>& arguments) {
  const auto parsed = parse(arguments);
  if (!parsed) ADD_FAILURE() << parsed.error().error;
  return parsed ? *parsed : Options();
}

TEST(Options, TalkToThisMachineByDefault) {
  const auto options = accepted({});
  EXPECT_EQ(options.mode, Options::Mode::converse);
  EXPECT_EQ(options.target.name(), "localhost:8888");
  EXPECT_EQ(options.timeout, 10s);
  EXPECT_TRUE(options.history);
}

TEST(Options, TakeAddressesAsHostAndPortOrTogether) {
  EXPECT_EQ(accepted({"example.org", "7"}).target.name(), "example.org:7");
  EXPECT_EQ(accepted({"[::1]:7"}).target.name(), "[::1]:7");
}

TEST(Options, TakeThePortOfTheEnvironmentUnlessOneIsGiven) {
  setenv("COROECHO_PORT", "9999", 1);
  EXPECT_EQ(accepted({}).target.name(), "localhost:9999");
  EXPECT_EQ(accepted({"host", "7"}).target.name(), "host:7");
  setenv("COROECHO_PORT", "", 1);
  EXPECT_EQ(accepted({}).target.name(), "localhost:8888");
  unsetenv("COROECHO_PORT");
}

TEST(Options, NameThePortThatIsNone) {
  for (const std::string port : {"0", "65536", "99999", "99999999999999999999"}) {
    const auto expected = "PORT: found \"" + port + "\", expected a number from 1 to 65535";
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"host", port}, {"host:" + port}, {"[::1]:" + port}, {"--ping", "host", port}}) {
      std::vector<const char*> words;
      for (const auto& argument : arguments)
        words.push_back(argument.c_str());
      const auto parsed = parse(words);
      ASSERT_FALSE(parsed) << arguments.back();
      EXPECT_EQ(parsed.error().error.find(expected), 0U) << parsed.error().error;
    }
  }
  EXPECT_EQ(accepted({"host", "65535"}).target.port, "65535");
}

TEST(Options, IgnoreAPortThatKubernetesSets) {
  for (const char* port : {"tcp://10.0.0.1:8888", "udp://10.0.0.1:7", "sctp://[fd00::1]:7"}) {
    setenv("COROECHO_PORT", port, 1);
    EXPECT_EQ(accepted({"host"}).target.name(), "host:8888");
  }
  unsetenv("COROECHO_PORT");
}

TEST(Options, NameTheVariableWhosePortIsWrongWhereItIsUsed) {
  for (const char* port : {"abc", "http://10.0.0.1:8888", "0", "70000", "80 "}) {
    setenv("COROECHO_PORT", port, 1);
    const auto parsed = parse({"host"});
    ASSERT_FALSE(parsed) << port;
    EXPECT_EQ(parsed.error().status, 2);
    EXPECT_EQ(parsed.error().error.find("COROECHO_PORT: found \"" + std::string(port)), 0U)
        << parsed.error().error;
    EXPECT_EQ(accepted({"host:7"}).target.name(), "host:7");
    EXPECT_EQ(accepted({"host", "7"}).target.name(), "host:7");
  }
  unsetenv("COROECHO_PORT");
}

TEST(Options, BeginWithAProxyHeaderIfAsked) {
  EXPECT_FALSE(accepted({"host"}).target.proxied);
  EXPECT_TRUE(accepted({"--proxy-protocol", "host"}).target.proxied);
  EXPECT_EQ(accepted({"--proxy-protocol", "host"}).target.name(), "host:8888");
}

TEST(Options, TakeTimesWithAndWithoutUnits) {
  EXPECT_EQ(accepted({"--timeout", "2"}).timeout, 2s);
  EXPECT_EQ(accepted({"--timeout", "0.25"}).timeout, 250ms);
  EXPECT_EQ(accepted({"--timeout", "500ms"}).timeout, 500ms);
  EXPECT_EQ(accepted({"--timeout=2m"}).timeout, 120s);
}

TEST(Options, KnowTheLettersOfPing) {
  const auto options = accepted(
      {"--ping", "-c", "3", "-i", "0.2", "-s", "100", "-W", "2", "-w", "10", "-q", "--json"});
  EXPECT_EQ(options.mode, Options::Mode::ping);
  EXPECT_EQ(options.ping.count, 3U);
  EXPECT_EQ(options.ping.interval, 200ms);
  EXPECT_EQ(options.ping.size, 100U);
  EXPECT_EQ(options.wait, 2s);
  EXPECT_EQ(options.ping.deadline, Duration(10s));
  EXPECT_TRUE(options.ping.quiet);
  EXPECT_TRUE(options.ping.json);
}

TEST(Options, SendDatagramsIfAskedAlsoSmallAndEmptyOnes) {
  EXPECT_FALSE(accepted({"--ping"}).udp);
  EXPECT_TRUE(accepted({"--ping", "--udp"}).udp);
  EXPECT_EQ(accepted({"--ping", "--udp", "-s", "0"}).ping.size, 0U);
  EXPECT_EQ(accepted({"--ping", "--udp", "-s", "65507"}).ping.size, 65507U);
  EXPECT_EQ(accepted({"--ping", "--udp"}).ping.size, 56U);
}

TEST(Options, DescribeABenchmarkByUdp) {
  const auto options = accepted({"--bench", "--udp", "-s", "8", "--rate", "5", "-W", "200ms"});
  EXPECT_TRUE(options.udp);
  EXPECT_EQ(options.bench.size, 8U);
  EXPECT_EQ(options.wait, 200ms);
  EXPECT_EQ(accepted({"--bench", "--udp", "--pipeline", "9"}).bench.pipeline, 9U);
}

TEST(Options, NameInOneLineWhatMakesNoSenseByUdp) {
  const auto error_of = [](std::vector<const char*> arguments) {
    const auto parsed = parse(std::move(arguments));
    return parsed ? std::string() : parsed.error().error;
  };
  for (const char* const mode : {"churn", "idle", "stream"}) {
    EXPECT_EQ(error_of({"--bench", "--udp", "--mode", mode}).find("--mode: by UDP there are no"),
              0U);
  }
  EXPECT_EQ(error_of({"--bench", "--udp", "--rate", "5", "--pipeline", "2"})
                .find("--pipeline: by UDP a --rate sends each datagram when it is due"),
            0U);
  EXPECT_EQ(error_of({"--bench", "--udp", "-s", "7"})
                .find("--size: a datagram of --bench has at least 8 bytes"),
            0U);
  EXPECT_EQ(error_of({"-W", "1s"}).find("--wait requires --ping or --udp"), 0U);
}

TEST(Options, LookForTheMtuByUdpAlone) {
  EXPECT_TRUE(accepted({"--ping", "--udp", "--mtu", "-W", "200ms", "-w", "9"}).ping.mtu);
  EXPECT_FALSE(accepted({"--ping", "--udp"}).ping.mtu);
}

TEST(Options, MarkPacketsByNumberOrName) {
  EXPECT_EQ(accepted({}).target.dscp, std::nullopt);
  EXPECT_EQ(accepted({"--dscp", "46", "host"}).target.dscp, 46U);
  EXPECT_EQ(accepted({"--ping", "--dscp", "af41"}).target.dscp, 34U);
}

TEST(Options, DescribeABenchmark) {
  const auto bench = accepted({"--bench", "--mode",     "churn", "--connections", "7", "--size",
                               "2k",      "--pipeline", "3",     "--duration",    "1", "--warmup",
                               "100ms",   "--rate",     "1000",  "--threads",     "2", "--csv",
                               "--plot",  "a.svg"})
                         .bench;
  EXPECT_EQ(bench.mode, BenchMode::churn);
  EXPECT_EQ(bench.connections, 7U);
  EXPECT_EQ(bench.size, 2048U);
  EXPECT_EQ(bench.pipeline, 3U);
  EXPECT_EQ(bench.duration, 1s);
  EXPECT_EQ(bench.warmup, 100ms);
  EXPECT_EQ(bench.rate, 1000.0);
  EXPECT_EQ(bench.threads, 2U);
  EXPECT_EQ(bench.format, BenchFormat::csv);
  EXPECT_EQ(bench.plot, "a.svg");
}

TEST(Options, StreamLargeMessagesUnlessTold) {
  EXPECT_EQ(accepted({"--bench", "--mode", "stream"}).bench.size, 65536U);
  EXPECT_EQ(accepted({"--bench", "--mode", "stream"}).bench.pipeline, 4U);
  EXPECT_EQ(accepted({"--bench", "--mode", "stream", "-s", "10"}).bench.size, 10U);
  EXPECT_EQ(accepted({"--bench", "--mode", "stream", "--pipeline", "2"}).bench.pipeline, 2U);
}

TEST(Options, EndWithStatus2AndALineOnAMistake) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{"a", "b", "c"},
                                             {"a:1", "2"},
                                             {"--nonsense"},
                                             {"--timeout", "soon"},
                                             {"--timeout", "0"},
                                             {"--timeout", "2401h"},
                                             {"-c", "3"},
                                             {"--rate", "5"},
                                             {"--json"},
                                             {"-s", "5"},
                                             {"--ping", "--bench"},
                                             {"--ping", "-c", "0"},
                                             {"--ping", "-s", "2m"},
                                             {"--ping", "-s", "0"},
                                             {"--ping", "--udp", "-s", "65508"},
                                             {"--ping", "--udp", "--proxy-protocol"},
                                             {"--bench", "--udp", "-s", "65508"},
                                             {"--bench", "-W", "1s"},
                                             {"--dscp", "64"},
                                             {"--ping", "--mtu"},
                                             {"--ping", "--udp", "--mtu", "-s", "100"},
                                             {"--ping", "--udp", "--mtu", "-c", "3"},
                                             {"--dscp", "fast"},
                                             {"--bench", "--mode", "wild"},
                                             {"--bench", "--mode", "2"},
                                             {"--bench", "--json", "--csv"},
                                             {"--bench", "--mode", "idle", "--rate", "5"}}) {
    const auto parsed = parse(arguments);
    ASSERT_FALSE(parsed) << arguments.front();
    EXPECT_EQ(parsed.error().status, 2) << arguments.front();
    EXPECT_FALSE(parsed.error().error.empty()) << arguments.front();
    EXPECT_TRUE(parsed.error().output.empty()) << arguments.front();
  }
}

TEST(Options, RefuseAnEmptyNameInOneLine) {
  const std::vector<std::vector<const char*>> named = {
      {""},
      {"host", ""},
      {"", "7"},
      {"--tls", "--ca", ""},
      {"--tls", "--servername", ""},
      {"--tls", "--cert", ""},
      {"--tls", "--cert", "/dev/null", "--key", ""},
      {"--bench", "--plot", ""},
      {"--bench", "--mode", ""},
      {"--source", ""},
      {"--dscp", ""}};
  for (const auto& arguments : named) {
    const auto parsed = parse(arguments);
    ASSERT_FALSE(parsed) << testing::PrintToString(arguments);
    EXPECT_EQ(parsed.error().status, 2);
    EXPECT_NE(parsed.error().error.find(": found \"\", expected "), std::string::npos)
        << parsed.error().error;
  }
  EXPECT_EQ(parse({""}).error().error,
            "HOST: found \"\", expected a name, an address or the path of a Unix socket");
}

TEST(Options, TakeOnlyDecimalNumbersWithinTheirRange) {
  const std::vector<std::vector<const char*>> numeric = {{"--ping", "-c"},
                                                         {"--ping", "-i"},
                                                         {"--ping", "-s"},
                                                         {"--ping", "-W"},
                                                         {"--ping", "-w"},
                                                         {"--bench", "--size"},
                                                         {"--bench", "--rate"},
                                                         {"--timeout"},
                                                         {"--bench", "--duration"},
                                                         {"--bench", "--warmup"},
                                                         {"--bench", "--connections"},
                                                         {"--bench", "--pipeline"},
                                                         {"--bench", "--threads"}};
  for (auto arguments : numeric) {
    for (const char* value :
         {"nan", "NAN", "inf", "-inf", "infinity", "-1", "+1", "0x10", "0b1", "", " ", " 1", "1 ",
          "1,5", "1e400", "99999999999999999999", "1x", "\xff"}) {
      arguments.push_back(value);
      const auto parsed = parse(arguments);
      const std::string what = std::string(arguments.end()[-2]) + " '" + value + "'";
      ASSERT_FALSE(parsed) << what;
      EXPECT_EQ(parsed.error().status, 2) << what;
      EXPECT_NE(parsed.error().error.find(arguments.end()[-2]), std::string::npos)
          << parsed.error().error;
      arguments.pop_back();
    }
  }
}

TEST(Options, TakeZerosBeforeANumberForNothing) {
  EXPECT_EQ(accepted({"--ping", "-c", "010"}).ping.count, 10U);
  EXPECT_EQ(accepted({"--ping", "-s", "0100"}).ping.size, 100U);
  EXPECT_EQ(accepted({"--timeout", "010"}).timeout, 10s);
  EXPECT_EQ(accepted({"--bench", "--rate", "0100"}).bench.rate, 100.0);
}

TEST(Options, TakeNoWarmupAndNoIntervalButNoOtherTimeOfZero) {
  EXPECT_EQ(accepted({"--bench", "--warmup", "0"}).bench.warmup, 0s);
  EXPECT_EQ(accepted({"--ping", "-i", "0"}).ping.interval, 0s);
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{"--timeout", "0"},
                                             {"--ping", "-W", "0"},
                                             {"--ping", "-w", "0"},
                                             {"--bench", "--duration", "0"}}) {
    EXPECT_FALSE(parse(arguments)) << arguments.front();
  }
}

TEST(Options, SayHelpAndVersionOnStandardOutput) {
  for (const char* option : {"--help", "--version"}) {
    const auto parsed = parse({option});
    ASSERT_FALSE(parsed);
    const auto& early = parsed.error();
    EXPECT_EQ(early.status, 0);
    EXPECT_FALSE(early.output.empty());
    EXPECT_TRUE(early.error.empty());
  }
}

TEST(Options, NameTheModesWhereThereIsNoneOfThatName) {
  const auto parsed = parse({"--bench", "--mode", "wild"});
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.error().error.starts_with(
      "--mode: found \"wild\", expected pingpong, stream, churn or idle"))
      << parsed.error().error;
  EXPECT_EQ(accepted({"--bench", "--mode", "Churn"}).bench.mode, BenchMode::churn);
}

}  // namespace
}  // namespace client
