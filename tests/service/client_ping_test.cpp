#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/black_hole.hpp"
#include "tests/service/client.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/closed_port.hpp"
#include "tests/service/server.hpp"

// coroecho-client --ping.
namespace service {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> ping(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {COROECHO_CLIENT, "--ping", "127.0.0.1", std::to_string(port)});
  return more;
}

void expect_no_numbers_that_are_none(const std::string& text) {
  EXPECT_EQ(text.find("nan"), std::string::npos) << text;
  EXPECT_EQ(text.find("inf"), std::string::npos) << text;
}

TEST(ClientPing, ShowsALineForEachEchoAndASummaryAtTheCount) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-c", "3", "-i", "20ms", "-s", "100"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  const auto peer = "127.0.0.1:" + std::to_string(server.port());
  expect_contains(finished.output, "connected to " + peer + " in ");
  expect_contains(finished.output, "100 bytes from " + peer + ": seq=1 time=");
  expect_contains(finished.output, "100 bytes from " + peer + ": seq=3 time=");
  expect_contains(finished.output, "3 sent, 3 received, 0 mismatched, 0 lost (0% loss)");
  expect_contains(finished.output, "round trip min/avg/max/mdev = ");
  expect_contains(finished.output, "round trip p50/p95/p99 = ");
}

TEST(ClientPing, ShowsOnlyTheSummaryWhenQuiet) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "20ms", "-q"}));
  EXPECT_EQ(finished.output.find("---"), 0U) << finished.output;
}

TEST(ClientPing, ReachesAServiceBehindALoadBalancerAsTheBalancerDoes) {
  const Server server("proxy_protocol: v2");
  EXPECT_EQ(run(ping(server.port(), {"-c", "1"})).exit_code, 1);
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "20ms", "--proxy-protocol"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  server.log().wait_for_line("closed by client (112 bytes in, 112 bytes out");
}

TEST(ClientPing, SumsUpOnControlCAndExits0WhenNothingWasLost) {
  const Server server;
  Process process(ping(server.port(), {"-i", "20ms"}));
  process.output().wait_for_line("seq=5");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0);
  expect_contains(process.output().wait_for_end(), "0 lost (0% loss)");
}

TEST(ClientPing, StampsEachLineButTheSummaryAsPingDoes) {
  const Server server;
  const auto text = run(ping(server.port(), {"-c", "2", "-i", "500us", "-D"})).output;
  const std::regex lines(
      "\\[[0-9]{10,}\\.[0-9]{6}\\] connected to [^\n]*\n"
      "(\\[[0-9]{10,}\\.[0-9]{6}\\] 56 bytes from [^\n]*\n){2}---[^]*");
  EXPECT_TRUE(std::regex_match(text, lines)) << text;
  const auto json = run(ping(server.port(), {"-c", "1", "-D", "--json"})).output;
  EXPECT_TRUE(std::regex_match(json, std::regex("(\\{\"time\":[0-9.]+,\"event\":[^\n]*\n){3}")))
      << json;
}

TEST(ClientPing, ReportsEachGapAndReconnectWithItsTimeAndLength) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    connection.send(connection.receive(56));
    if (number < 3) return connection.reset();
    connection.echo_until_end();
  });
  const auto text = run(ping(server.port(), {"-c", "4", "-i", "100ms"})).output;
  expect_contains(text, " ms without a connection, since 20");
  expect_contains(text, "2 gaps without a connection, longest ");
  expect_contains(text, ", 3 connections");
}

TEST(ClientPing, CountsAGapThatLastsUntilTheEnd) {
  std::optional<FaultyServer> server(std::in_place, [](FaultyConnection& connection, int) {
    connection.send(connection.receive(56));
    connection.receive(56);
  });
  Process process(ping(server->port(), {"-i", "100ms", "--json"}));
  process.output().wait_for_line("\"seq\":1");
  server.reset();
  process.output().wait_for_line("\"class\":\"refused\"");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  const auto output = process.output().wait_for_end();
  expect_contains(output, "\"gaps\":1,\"longest_gap_ms\":");
  EXPECT_EQ(output.find("\"longest_gap_ms\":0.0"), std::string::npos) << output;
}

TEST(ClientPing, SumsUpOnSigquitAndGoesOn) {
  const Server server;
  Process process(ping(server.port(), {"-i", "20ms"}));
  process.output().wait_for_line("seq=2");
  process.signal(SIGQUIT);
  process.errors().wait_for_line("0 mismatched, 0 lost");
  const auto so_far = process.output().count_lines("seq=");
  process.output().wait_for_line("seq=" + std::to_string(so_far + 3));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0);
}

TEST(ClientPing, KeepsItsIntervalAfterItWasStopped) {
  const Server server;
  constexpr auto interval = 300ms;
  constexpr int count = 6;
  Process process(ping(server.port(), {"-i", "300ms", "-c", std::to_string(count)}));
  process.output().wait_for_line("seq=2");
  process.signal(SIGSTOP);
  std::this_thread::sleep_for(interval * count);
  const auto seen = process.output().count_lines("seq=");
  const auto resumed = Clock::now();
  process.signal(SIGCONT);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_GE(Clock::now() - resumed, interval * (count - static_cast<int>(seen) - 1));
}

TEST(ClientPing, EndsAtTheDeadline) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-i", "10ms", "-w", "2"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "0 lost (0% loss)");
}

// Forty intervals are far shorter than the deadline.
TEST(ClientPing, KeepsItsIntervalHoweverManyEchoesThereAre) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-i", "10ms", "-c", "40", "-w", "5", "-q"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.output;
}

TEST(ClientPing, Exits1WhenNotAllCameBackByTheDeadline) {
  const Server server;
  EXPECT_EQ(run(ping(server.port(), {"-i", "50ms", "-c", "1000", "-w", "300ms"})).exit_code, 1);
}

TEST(ClientPing, CountsWhatDoesNotComeBackAsLost) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "20ms", "-W", "100ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "no echo from 127.0.0.1");
  expect_contains(finished.output, "2 sent, 0 received, 0 mismatched, 2 lost (100% loss)");
  expect_no_numbers_that_are_none(finished.output);
}

TEST(ClientPing, NeverExits0WithoutAnEcho) {
  const FaultyServer server([](FaultyConnection& connection, int) { connection.be_silent(); });
  Process process(ping(server.port(), {"-W", "30"}));
  process.output().wait_for_line("connected");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  expect_no_numbers_that_are_none(process.output().wait_for_end());
}

TEST(ClientPing, CountsAnEchoThatIsTooLateAsLostAndSaysWhenItCame) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    const auto bytes = connection.receive(56);
    connection.wait(300ms);
    connection.send(bytes);
    connection.echo_until_end();
  });
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "600ms", "-W", "100ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "(too late)");
  expect_contains(finished.output, "2 sent, 1 received, 0 mismatched, 1 lost (50% loss)");
}

TEST(ClientPing, LooksAtTheSocketAfterAPauseBeforeItCallsAnEchoLost) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    const auto bytes = connection.receive(56);
    connection.wait(300ms);
    connection.send(bytes);
    connection.be_silent();
  });
  Process process(ping(server.port(), {"-c", "1", "-W", "1"}));
  process.output().wait_for_line("connected");
  process.signal(SIGSTOP);
  std::this_thread::sleep_for(1500ms);  // beyond --wait
  process.signal(SIGCONT);
  EXPECT_EQ(process.wait(), 0);
  expect_contains(process.output().wait_for_end(), "1 sent, 1 received, 0 mismatched, 0 lost");
}

TEST(ClientPing, CountsAnEchoThatIsChangedAsMismatchedAndConnectsAgain) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    if (number == 1) {
      auto bytes = connection.receive(56);
      bytes[7] = static_cast<char>(bytes[7] + 1);
      connection.send(bytes);
      connection.be_silent();
    }
    connection.echo_until_end();
  });
  const auto finished = run(ping(server.port(), {"-c", "3", "-i", "50ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "mismatch: at offset 7:");
  expect_contains(finished.output, "3 sent, 2 received, 1 mismatched, 0 lost (0% loss)");
  expect_contains(finished.output, "2 connections");
}

TEST(ClientPing, CountsAnEarlierEchoInPlaceOfAnotherAsMismatched) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    const auto first = connection.receive(56);
    connection.send(first);
    connection.receive(56);
    connection.send(first);
    connection.be_silent();
  });
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "20ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "2 sent, 1 received, 1 mismatched, 0 lost");
}

TEST(ClientPing, CountsBytesBeyondAnEchoAsMismatchedAndExits1) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    while (const auto bytes = connection.receive())
      connection.send(*bytes + "X");
  });
  // The next only when the one before has come back, since the server adds one byte to all that it
  // receives at once.
  const auto finished = run(ping(server.port(), {"-c", "3", "-i", "0"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.output, "3 sent, 3 received, 3 mismatched, 0 lost (0% loss)");
}

TEST(ClientPing, SendsTheNextWhenTheOneBeforeHasComeBackWithoutAnInterval) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-c", "500", "-i", "0", "-q"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "500 sent, 500 received, 0 mismatched, 0 lost");
}

TEST(ClientPing, WithoutAnIntervalStillHearsControlCWhereNothingListensAnyMore) {
  std::optional<FaultyServer> server;
  server.emplace([](FaultyConnection& connection, int) { connection.echo_until_end(); });
  Process process(ping(server->port(), {"-i", "0"}));
  process.output().wait_for_line("seq=3");
  server.reset();
  process.errors().wait_for_line("refused: ");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  expect_contains(process.output().wait_for_end(), "echo statistics");
}

TEST(ClientPing, CountsItsDeadlineFromTheStartAndSumsUpWithoutAConnection) {
  const BlackHole hole;
  const auto finished = run(ping(hole.port(), {"-w", "200ms", "--timeout", "1h", "--json"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "timeout: ");
  expect_contains(finished.output, "\"class\":\"timeout\"");
  expect_contains(finished.output, "\"event\":\"summary\"");
  expect_contains(run(ping(hole.port(), {"-w", "200ms"})).output, "0 sent, 0 received");
}

TEST(ClientPing, SumsUpOnControlCWhileItConnects) {
  const BlackHole hole;
  Process process(ping(hole.port(), {"--timeout", "1h"}));
  hole.wait_for_client();
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  expect_contains(process.output().wait_for_end(), "0 sent, 0 received");
}

TEST(ClientPing, ConnectsAgainWhenTheServerWentAway) {
  const FaultyServer server([](FaultyConnection& connection, int number) {
    if (number == 1) {
      connection.send(connection.receive(56));
      connection.receive(56);
      return connection.reset();
    }
    connection.echo_until_end();
  });
  const auto finished = run(ping(server.port(), {"-c", "4", "-i", "50ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: reset: ");
  expect_contains(finished.output, "4 sent, 3 received, 0 mismatched, 1 lost (25% loss)");
  EXPECT_EQ(finished.output.find("no echo"), std::string::npos) << "it was waited for";
}

TEST(ClientPing, Exits1WhenNothingListens) {
  const ClosedPort closed;
  const auto finished = run(ping(closed.port()));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: refused: ");
}

TEST(ClientPing, GivesJsonLinesThatCanBeParsed) {
  const Server server;
  const auto finished = run(ping(server.port(), {"-c", "2", "-i", "20ms", "--json"}));
  EXPECT_EQ(finished.exit_code, 0);
  const auto events = run({"python3", "-c",
                           "import sys, json\n"
                           "for line in sys.stdin: print(json.loads(line)['event'])"},
                          finished.output);
  EXPECT_EQ(events.output, "connected\nreply\nreply\nsummary\n") << events.errors;
}

TEST(ClientPing, WorksWithNcatAndSocat) {
  Process socat({"socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork", "EXEC:cat"});
  const auto line = socat.errors().wait_for_line("listening on");
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  EXPECT_EQ(run(ping(port, {"-c", "3", "-i", "20ms"})).exit_code, 0);

  std::uint16_t free_port = 0;
  {
    free_port = FaultyServer([](auto&, int) {}).port();
  }
  Process ncat(
      {"ncat", "-v", "-l", "-k", "-e", "/bin/cat", "127.0.0.1", std::to_string(free_port)});
  ncat.errors().wait_for_line("Listening on");
  EXPECT_EQ(run(ping(free_port, {"-c", "3", "-i", "20ms"})).exit_code, 0);
}

TEST(ClientPing, GivesJsonAlsoWhereThisMachineLacksDescriptors) {
  const ClosedPort closed;
  const auto port = std::to_string(closed.port());
  for (const auto* limit : {"--nofile=8", "--nofile=9"}) {
    for (const auto& mode :
         std::vector<std::vector<std::string>>{{}, {"--udp"}, {"--udp", "--mtu"}}) {
      std::vector<std::string> command{"prlimit", limit, COROECHO_CLIENT, "--ping", "--json"};
      command.insert(command.end(), mode.begin(), mode.end());
      if (mode.size() < 2) command.insert(command.end(), {"-c", "1"});
      command.insert(command.end(), {"-W", "10ms", "127.0.0.1", port});
      const auto finished = run(command);
      EXPECT_EQ(finished.exit_code, 1) << finished.errors;
      const auto events =
          run({"python3", "-c",
               "import sys, json; print([json.loads(line)['event'] for line in sys.stdin])"},
              finished.output);
      expect_contains(events.output, "'failure'");
      expect_contains(events.output, "'summary']");
    }
  }
}

}  // namespace
}  // namespace service
