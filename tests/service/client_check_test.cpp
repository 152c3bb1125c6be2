#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/service/black_hole.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/server.hpp"
#include "tests/service/slow_names.hpp"

// coroecho-client --ping --warning and --critical: a monitoring plugin.
namespace service {
namespace {

using namespace std::chrono_literals;

auto check(std::uint16_t port, std::vector<std::string> more) {
  more.insert(more.begin(), {COROECHO_CLIENT, "--ping", "127.0.0.1", std::to_string(port), "-i",
                             "10ms", "--warning", "10s,20%", "--critical", "20s,60%"});
  return run(more);
}

template <typename Finished>
void expect_one_line(const Finished& finished, int status, const std::string& text,
                     const std::string& data) {
  EXPECT_EQ(finished.exit_code, status) << finished.output;
  EXPECT_EQ(finished.errors, "");
  const std::regex line(text + "\\|rta=" + data + ";0;100\n");
  EXPECT_TRUE(std::regex_match(finished.output, line)) << finished.output;
}

const std::string time_value = R"([0-9.]+ms;10000;20000;0 pl=)";

TEST(ClientCheck, IsOkWithOneLineOfPerformanceDataForFiveEchoes) {
  const Server server;
  expect_one_line(check(server.port(), {}), 0,
                  R"(OK - 127\.0\.0\.1:[0-9]+: 5 sent, 5 received, 0% loss, round trip [0-9.]+ ms)",
                  time_value + "0%;20;60");
}

TEST(ClientCheck, WarnsAndIsCriticalByTheLoss) {
  const FaultyServer half([](FaultyConnection& connection, int) {
    connection.send(connection.receive(56));
    connection.receive(56);
    connection.reset();
  });
  expect_one_line(check(half.port(), {"-c", "2", "-i", "300ms", "-W", "200ms"}), 1,
                  "WARNING - .*2 sent, 1 received, 50% loss.*\\(reset: .*\\)",
                  time_value + "50%;20;60");
  const FaultyServer silent([](FaultyConnection& connection, int) { connection.be_silent(); });
  expect_one_line(check(silent.port(), {"-c", "2", "-W", "100ms"}), 2,
                  "CRITICAL - .*2 sent, 0 received, 100% loss", "U;10000;20000;0 pl=100%;20;60");
}

TEST(ClientCheck, IsUnknownIfItsLineCannotBeWritten) {
  const Server server;
  const auto finished =
      run({"sh", "-c", "\"$0\" --ping -c 1 --critical 20s 127.0.0.1 \"$1\" > /dev/full",
           COROECHO_CLIENT, std::to_string(server.port())});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_NE(finished.errors.find("standard output: No space left on device"), std::string::npos)
      << finished.errors;
}

TEST(ClientCheck, IsCriticalByTheRoundTrip) {
  const Server server;
  const auto finished = run({COROECHO_CLIENT, "--ping", "127.0.0.1", std::to_string(server.port()),
                             "-c", "1", "--critical", "0.001ms"});
  expect_one_line(finished, 2, "CRITICAL - .*1 received, 0% loss.*",
                  R"([0-9.]+ms;;0\.001;0 pl=0%;;)");
}

TEST(ClientCheck, IsCriticalWithoutAConnection) {
  const BlackHole nobody_answers;
  expect_one_line(check(nobody_answers.port(), {"--timeout", "200ms"}), 2,
                  "CRITICAL - .*: no echo sent \\(timeout: .*\\)", "U;10000;20000;0 pl=U;20;60");
  expect_one_line(check(1, {}), 2, "CRITICAL - .*: no echo sent \\(refused: .*\\)",
                  "U;10000;20000;0 pl=U;20;60");
}

TEST(ClientCheck, IsUnknownForANameWithoutAnAddress) {
  const auto finished =
      run({COROECHO_CLIENT, "--ping", "no.such.name.invalid", "--warning", "1s", "--udp"});
  expect_one_line(finished, 3, "UNKNOWN - .*\\(dns: .*\\)", "U;1000;;0 pl=U;;");
}

// The host may be well. It is the machine of the plugin that cannot ask.
TEST(ClientCheck, IsUnknownWhereTheNameServerDoesNotAnswer) {
  for (const bool by_udp : {false, true}) {
    std::vector<std::string> command = slow_names;
    command.insert(command.end(), {COROECHO_CLIENT, "--ping", "example.test", "--timeout", "200ms",
                                   "--warning", "1s"});
    if (by_udp) command.emplace_back("--udp");
    expect_one_line(run(command), 3, "UNKNOWN - .*\\(dns: .*name server.*\\)", "U;1000;;0 pl=U;;");
  }
}

TEST(ClientCheck, IsUnknownWithOneLineForAWrongOption) {
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"--ping", "--warning", "soon"},
           {"--ping", "--warning=1s", "--bogus"},
           {"--critical", "1s"},
           {"--ping", "--critical", "1s", "--json"},
           {"--ping", "--tls", "--ca", "/no/such/file", "--critical", "1s"}}) {
    auto arguments = wrong;
    arguments.insert(arguments.begin(), COROECHO_CLIENT);
    const auto finished = run(arguments);
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_EQ(finished.errors, "");
    EXPECT_TRUE(std::regex_match(finished.output, std::regex("UNKNOWN - usage: .*\n")))
        << finished.output;
  }
}

TEST(ClientCheck, WorksByUdp) {
  const Server server("{udp: {port: 0}}");
  const auto number = server.port("udp 127.0.0.1");
  expect_one_line(check(number, {"--udp"}), 0, "OK - .*5 sent, 5 received, 0% loss.*",
                  time_value + "0%;20;60");
  expect_one_line(check(1, {"--udp", "-c", "2"}), 2, "CRITICAL - .*\\(refused: .*\\)",
                  "U;10000;20000;0 pl=100%;20;60");
}

}  // namespace
}  // namespace service
