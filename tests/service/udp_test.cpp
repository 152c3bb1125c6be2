#include <gmock/gmock.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/service/datagram_client.hpp"
#include "tests/service/server.hpp"

// The echo over UDP (RFC 862), and the datagrams that it does not answer.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr auto a_moment = 50ms;

// A service with UDP on any free port.
class Udp : public testing::Test {
 protected:
  static Server serving(const std::string& udp = "", const std::string& hosts = "127.0.0.1",
                        const std::string& more = "") {
    return Server("{host: " + hosts + ", port: 0, udp: {port: 0" + udp + "}" + more + "}", {});
  }

  // At an address as the log shows it: "127.0.0.1", "[::1]", "0.0.0.0".
  static std::uint16_t port(const Server& server, const std::string& address = "127.0.0.1") {
    return server.port("udp " + address);
  }

  // The figure of a reason, or of "received" and "answered", once all that was sent has been
  // counted: a datagram to the same socket is answered after those before it.
  static int count(Server& server, const std::string& reason) {
    const std::size_t before = server.log().count_lines(" statistics, udp: ");
    server.process().signal(SIGUSR1);
    const std::string line = server.log().wait_for_line(" statistics, udp: ", before + 1);
    const std::string udp = line.substr(line.find(", udp: "));
    const std::size_t end = udp.find(' ' + reason);
    if (end == std::string::npos) return -1;
    return std::stoi(udp.substr(udp.rfind(' ', end - 1) + 1));
  }

  // The service finds all of them at the same time.
  static void echo_together(Server& server, const DatagramClient& client,
                            const std::vector<std::string>& payloads) {
    server.process().signal(SIGSTOP);
    for (const std::string& payload : payloads)
      client.send(payload, "127.0.0.1", port(server));
    server.process().signal(SIGCONT);
    for (const std::string& payload : payloads) {
      const auto answer = client.receive();
      ASSERT_TRUE(answer);
      EXPECT_EQ(payload, answer->payload);
    }
  }
};

TEST_F(Udp, IsOffByDefault) {
  const Server server;
  EXPECT_EQ(0U, server.log().count_lines("udp"));
}

TEST_F(Udp, SendsBackEachPayloadByteForByte) {
  const Server server = serving();
  const DatagramClient client;
  std::string longest(65507, '\0');
  for (std::size_t index = 0; index < longest.size(); ++index)
    longest[index] = static_cast<char>(index * 31 % 251);
  for (const std::string& payload : {std::string("hello"), std::string(), std::string(1, '\0'),
                                     std::string(1472, 'x'), longest, std::string("\r\n")}) {
    const auto answer = client.echo(payload, "127.0.0.1", port(server));
    ASSERT_TRUE(answer) << payload.size();
    EXPECT_EQ(payload, answer->payload);
    EXPECT_EQ(port(server), answer->port);
  }
}

TEST_F(Udp, SendsBackLongAndShortDatagramsThatArriveTogether) {
  Server server = serving();
  const DatagramClient client;
  const std::vector<std::string> payloads = {"a", std::string(60000, 'b'), "",
                                             "c", std::string(30000, 'd'), "e"};
  echo_together(server, client, payloads);
}

// A socket whose datagrams come alone receives them by another call.
TEST_F(Udp, SendsBackManyThatComeAloneAndThenManyTogether) {
  Server server = serving(", rate: 0");
  const DatagramClient client;
  std::vector<std::string> payloads;
  for (std::size_t index = 0; index < 40; ++index)
    payloads.emplace_back(index * index, static_cast<char>('a' + index % 26));
  for (std::size_t index = 0; index < payloads.size(); ++index) {
    const int ttl = index % 3 == 0 ? 32 : 64;
    const auto answer = client.echo(payloads[index], "127.0.0.1", port(server), ttl);
    ASSERT_TRUE(answer) << index;
    EXPECT_EQ(payloads[index], answer->payload);
    EXPECT_EQ(ttl - 1, answer->ttl);
  }
  echo_together(server, client, payloads);
  EXPECT_EQ(80, count(server, "answered"));
}

TEST_F(Udp, MayHaveThePortOfTcp) {
  const std::string number = std::to_string(Server().port());
  const Server server("{host: 127.0.0.1, port: " + number + ", udp: {port: " + number + "}}", {});
  EXPECT_EQ("udp", DatagramClient().echo("udp", "127.0.0.1", port(server))->payload);
  EXPECT_EQ("tcp", server.connect().echo("tcp"));
}

TEST_F(Udp, ListensOnEachAddressOfHost) {
  const Server server = serving("", "[localhost, 127.0.0.2]");
  EXPECT_EQ("4", DatagramClient().echo("4", "127.0.0.1", port(server))->payload);
  EXPECT_EQ("2", DatagramClient().echo("2", "127.0.0.2", port(server, "127.0.0.2"))->payload);
  EXPECT_EQ("6", DatagramClient("::1").echo("6", "::1", port(server, "[::1]"))->payload);
}

struct Wildcard {
  std::string name;
  std::string host;
  std::string logged;
  std::string client;
  std::string asked;
};

class UdpWildcard : public testing::TestWithParam<Wildcard> {};

TEST_P(UdpWildcard, AnswersFromTheAddressThatWasAskedWithOneHopLess) {
  const Wildcard& given = GetParam();
  const Server server("{host: " + given.host + ", port: 0, udp: {port: 0}}", {});
  const std::uint16_t port = server.port("udp " + given.logged);
  const DatagramClient client(given.client);
  const auto answer = client.echo("hello", given.asked, port, 40);
  ASSERT_TRUE(answer);
  EXPECT_EQ(given.asked, answer->from);
  EXPECT_EQ(39, answer->ttl);
  EXPECT_EQ(254, client.echo("far", given.asked, port, 255)->ttl);
  EXPECT_EQ(1, client.echo("near", given.asked, port, 2)->ttl);
}

INSTANTIATE_TEST_SUITE_P(
    All, UdpWildcard,
    testing::Values(Wildcard{"Ipv4", "0.0.0.0", "0.0.0.0", "127.0.0.1", "127.0.0.2"},
                    Wildcard{"Ipv6", "'::'", "[::]", "::1", "::1"},
                    Wildcard{"DualStack", "'::'", "[::]", "127.0.0.1", "127.0.0.2"},
                    Wildcard{"BothWildcards", "['::', 0.0.0.0]", "0.0.0.0", "127.0.0.1",
                             "127.0.0.3"},
                    Wildcard{"OneAddress", "127.0.0.2", "127.0.0.2", "127.0.0.1", "127.0.0.2"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Udp, DoesNotAnswerANetworkThatIsNotAllowed) {
  Server server = serving(", allow: [127.0.0.5, 127.0.1.0/24]");
  DatagramClient("127.0.0.1").send("refused", "127.0.0.1", port(server));
  EXPECT_TRUE(DatagramClient("127.0.0.5").echo("allowed", "127.0.0.1", port(server)));
  EXPECT_TRUE(DatagramClient("127.0.1.200").echo("allowed", "127.0.0.1", port(server)));
  EXPECT_EQ(1, count(server, "not allowed"));
  EXPECT_EQ(2, count(server, "answered"));
  EXPECT_EQ(0U, server.log().count_lines("refused\""));
}

TEST_F(Udp, DoesNotAnswerAClientThatIsRefusedOverTcp) {
  Server server = serving("", "127.0.0.1", ", access: {deny: [127.0.0.4]}");
  DatagramClient("127.0.0.4").send("refused", "127.0.0.1", port(server));
  EXPECT_TRUE(DatagramClient("127.0.0.5").echo("allowed", "127.0.0.1", port(server)));
  EXPECT_EQ(1, count(server, "not allowed"));
}

TEST_F(Udp, DoesNotAnswerAPortOfAnotherService) {
  Server server = serving();
  std::optional<DatagramClient> privileged;
  try {
    privileged.emplace("127.0.0.1", 1023);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "a port below 1024 needs root: " << error.what();
  }
  privileged->send("refused", "127.0.0.1", port(server));
  EXPECT_TRUE(DatagramClient("127.0.0.9", 1024).echo("allowed", "127.0.0.1", port(server)));
  EXPECT_EQ(1, count(server, "source port"));
  EXPECT_FALSE(privileged->receive(0ms));
}

TEST_F(Udp, DoesNotAnswerItsOwnPortOnAnyAddressOfThisMachine) {
  Server server = serving();
  const DatagramClient same_port("127.0.0.7", port(server));
  same_port.send("refused", "127.0.0.1", port(server));
  EXPECT_TRUE(DatagramClient().echo("allowed", "127.0.0.1", port(server)));
  EXPECT_EQ(1, count(server, "own address"));
  EXPECT_FALSE(same_port.receive(0ms));
}

TEST_F(Udp, DoesNotAnswerADatagramToABroadcastAddress) {
  Server server = serving("", "0.0.0.0");
  const DatagramClient client;
  const int yes = 1;
  ASSERT_EQ(0, setsockopt(client.descriptor(), SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes));
  client.send("refused", "127.255.255.255", port(server, "0.0.0.0"));
  EXPECT_EQ("allowed", client.echo("allowed", "127.0.0.1", port(server, "0.0.0.0"))->payload);
  EXPECT_EQ(1, count(server, "multicast"));
}

TEST_F(Udp, DoesNotAnswerWithoutAHopLeft) {
  Server server = serving("", "[127.0.0.1, '::1']");
  const DatagramClient client;
  client.send("refused", "127.0.0.1", port(server), 1);
  EXPECT_EQ("allowed", client.echo("allowed", "127.0.0.1", port(server), 2)->payload);
  const DatagramClient other("::1");
  other.send("refused", "::1", port(server, "[::1]"), 1);
  EXPECT_EQ("allowed", other.echo("allowed", "::1", port(server, "[::1]"), 2)->payload);
  EXPECT_EQ(2, count(server, "ttl"));
}

TEST_F(Udp, TwoServicesAimedAtEachOtherStop) {
  Server one = serving(", rate: 0");
  Server two = serving(", rate: 0", "127.0.0.2");
  if (!send_forged({.source = "127.0.0.2",
                    .source_port = port(two, "127.0.0.2"),
                    .destination = "127.0.0.1",
                    .destination_port = port(one)}))
    GTEST_SKIP() << "forging needs root";
  // One of both refuses the last one for its TTL.
  for (int tries = 0; count(one, "ttl") + count(two, "ttl") == 0 && tries < 100; ++tries)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(63, count(one, "answered") + count(two, "answered"));
}

TEST_F(Udp, AnswersEachSourceAtItsRateWhateverItsPort) {
  Server server = serving(", rate: 20");
  int sent = 0;
  const auto flood = [&](const std::string& address) {
    int answered = 0;
    for (int i = 0; i < 10; ++i) {
      const DatagramClient client(address);
      for (int j = 0; j < 10; ++j, ++sent)
        client.send("x", "127.0.0.1", port(server));
      while (count(server, "received") < sent) {
      }
      answered += client.count(0ms);
    }
    return answered;
  };
  const auto begin = std::chrono::steady_clock::now();
  const int answered = flood("127.0.0.1");
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin);
  EXPECT_GE(answered, 20);
  EXPECT_LE(answered, 20 + 20 * seconds.count() + 1);
  EXPECT_GE(flood("127.0.0.2"), 20) << "another source has its own";
  EXPECT_GT(count(server, "rate"), 0);
}

TEST_F(Udp, LogsADatagramLikeARead) {
  const Server server = serving("", "127.0.0.1", ", log: {payload: 5}");
  const DatagramClient client;
  client.echo("hello\n", "127.0.0.1", port(server));
  const std::string peer = "127.0.0.1:" + std::to_string(client.port());
  EXPECT_THAT(server.log().wait_for_line(" udp "), HasSubstr("listening on udp 127.0.0.1:"));
  EXPECT_THAT(server.log().wait_for_line("received 6 bytes"),
              HasSubstr(" info udp " + peer + " received 6 bytes: \"hello\"… 1 more"));
  client.echo("", "127.0.0.1", port(server));
  server.log().wait_for_line("udp " + peer + " received 0 bytes");
}

TEST_F(Udp, LogsADatagramAsJson) {
  const Server server = serving("", "127.0.0.1", ", log: {format: json}");
  // The port of a line of JSON.
  const std::string line = server.log().wait_for_line("listening on udp 127.0.0.1:");
  const std::string message = nlohmann::json::parse(line)["message"];
  const auto port = static_cast<std::uint16_t>(std::stoi(message.substr(message.rfind(':') + 1)));
  const DatagramClient client;
  client.echo("hi\"", "127.0.0.1", port);
  auto event = nlohmann::json::parse(server.log().wait_for_line("\"datagram\""));
  event.erase("time");
  EXPECT_EQ(event, nlohmann::json({{"level", "info"},
                                   {"event", "datagram"},
                                   {"peer", "127.0.0.1:" + std::to_string(client.port())},
                                   {"bytes", 3},
                                   {"payload", "hi\""}}));
}

TEST_F(Udp, LogsNoDatagramWithoutTheEvent) {
  Server server = serving("", "127.0.0.1", ", log: {events: [connect]}");
  EXPECT_TRUE(DatagramClient().echo("quiet", "127.0.0.1", port(server)));
  EXPECT_EQ(1, count(server, "answered"));
  EXPECT_EQ(0U, server.log().count_lines("quiet"));
}

TEST_F(Udp, LosesAnswersOnPurpose) {
  Server server = serving(", rate: 0", "127.0.0.1", ", faults: {loss: 0.5}");
  const DatagramClient client;
  for (int i = 0; i < 200; ++i)
    client.send("x", "127.0.0.1", port(server));
  while (count(server, "answered") + count(server, "fault") < 200) {
  }
  const int answered = client.count(0ms);
  EXPECT_THAT(answered, testing::AllOf(testing::Gt(50), testing::Lt(150)));
  EXPECT_EQ(200 - answered, count(server, "fault"));
}

TEST_F(Udp, DoublesAnswersOnPurpose) {
  const Server server = serving("", "127.0.0.1", ", faults: {duplicate: 1}");
  const DatagramClient client;
  client.send("twice", "127.0.0.1", port(server));
  EXPECT_EQ("twice", client.receive()->payload);
  EXPECT_EQ("twice", client.receive()->payload);
  EXPECT_EQ(0, client.count(a_moment));
}

TEST_F(Udp, DelaysAnswersOnPurpose) {
  const Server server = serving("", "127.0.0.1", ", faults: {delay: 200ms}");
  const DatagramClient client;
  const auto begin = std::chrono::steady_clock::now();
  client.send("a", "127.0.0.1", port(server));
  client.send("b", "127.0.0.1", port(server));
  EXPECT_EQ("a", client.receive()->payload);
  EXPECT_EQ("b", client.receive()->payload);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(Udp, HoldsBackBoundedlyMany) {
  Server server = serving(", rate: 0", "127.0.0.1", ", faults: {delay: 1h}, log: {events: []}");
  const DatagramClient client;
  const std::string payload(60000, 'x');
  for (int sent = 0; sent < 100; ++sent) {
    client.send(payload, "127.0.0.1", port(server));
    while (count(server, "received") <= sent) {
    }
  }
  EXPECT_EQ(100 - 4 * 1024 * 1024 / 60000, count(server, "no buffer"));
}

TEST_F(Udp, SendsAnAnswerBehindTheNextOneOnPurpose) {
  const Server server = serving("", "127.0.0.1", ", faults: {reorder: 0.5}");
  const DatagramClient client;
  const DatagramClient other;
  std::string sent;
  for (char payload = 'a'; payload <= 'z'; ++payload) {
    client.send(std::string(1, payload), "127.0.0.1", port(server));
    other.send("?", "127.0.0.1", port(server));
    sent += payload;
  }
  std::string received;
  while (received.size() < sent.size())  // the last one may have to wait for a next one in vain
    received += client.receive().value().payload;
  EXPECT_NE(sent, received);
  EXPECT_THAT(received, testing::UnorderedElementsAreArray(sent));
}

TEST_F(Udp, SendsWhatIsHeldBackWhenItStops) {
  Server server = serving("", "127.0.0.1", ", faults: {delay: 1h}");
  const DatagramClient client;
  client.send("held", "127.0.0.1", port(server));
  server.log().wait_for_line("received 4 bytes");
  server.stop(SIGTERM);
  EXPECT_EQ("held", client.receive(0ms)->payload);
}

TEST_F(Udp, AnswersWhatHasArrivedWhenItStops) {
  Server server = serving(", rate: 0");
  const DatagramClient client;
  EXPECT_TRUE(client.echo("before", "127.0.0.1", port(server)));
  server.process().signal(SIGSTOP);
  constexpr int sent = 250;  // of more than are received before the signal is seen
  for (int i = 0; i < sent; ++i)
    client.send("x", "127.0.0.1", port(server));
  server.process().signal(SIGTERM);
  server.process().signal(SIGCONT);
  server.expect_exit(0);
  EXPECT_EQ(sent, client.count(0ms));
  EXPECT_EQ(1U, server.log().count_lines("no longer listening on udp 127.0.0.1:"));
}

TEST_F(Udp, IsTurnedOnAndOffAndMovedByAReload) {
  Server server("{host: 127.0.0.1, port: 0}", {});
  const auto reload = [&](const std::string& yaml, const std::string& result = "info reloaded") {
    const std::size_t before = server.log().count_lines(result);
    server.write_configuration(yaml);
    server.process().signal(SIGHUP);
    server.log().wait_for_line(result, before + 1);
  };
  const DatagramClient client;
  const DatagramClient taken;
  reload("{host: 127.0.0.1, port: 0, udp: {port: 0}}");
  const std::uint16_t first = port(server);
  EXPECT_TRUE(client.echo("on", "127.0.0.1", first));

  reload("{host: 127.0.0.1, port: 0, udp: {port: " + std::to_string(taken.port()) + "}}",
         "not reloaded: ");
  EXPECT_TRUE(client.echo("as before", "127.0.0.1", first));

  // The same port on more addresses, while the socket of before has it.
  const std::string number = std::to_string(first);
  reload("{host: 0.0.0.0, port: 0, udp: {port: " + number + "}}");
  server.log().wait_for_line("no longer listening on udp 127.0.0.1:" + number);
  EXPECT_EQ("127.0.0.3", client.echo("moved", "127.0.0.3", first)->from);

  reload("{host: 0.0.0.0, port: 0, udp: {port: " + number + ", allow: [127.0.0.9]}}");
  client.send("not any more", "127.0.0.1", first);
  EXPECT_TRUE(DatagramClient("127.0.0.9").echo("allowed", "127.0.0.1", first));
  EXPECT_FALSE(client.receive(0ms));

  reload("{host: 0.0.0.0, port: 0}");
  server.log().wait_for_line("no longer listening on udp 0.0.0.0:" + number);
  const DatagramClient free_again("127.0.0.1", first);
}

TEST_F(Udp, IsSharedByInstancesThatReuseThePort) {
  const Server one = serving("", "127.0.0.1", ", reuse_port: true");
  const std::string number = std::to_string(port(one));
  const Server two("{host: 127.0.0.1, port: 0, reuse_port: true, udp: {port: " + number + "}}", {});
  EXPECT_EQ(port(one), port(two));
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(DatagramClient().echo("x", "127.0.0.1", port(one)));
}

TEST_F(Udp, APortThatIsTakenIsOneLineAndExit69) {
  const DatagramClient taken;
  const TemporaryDirectory directory;
  const auto file = directory.write(
      "udp.yaml", "{host: 127.0.0.1, port: 0, udp: {port: " + std::to_string(taken.port()) + "}}");
  const Finished finished = run({COROECHO, "--config", file});
  EXPECT_EQ(69, finished.exit_code);
  EXPECT_THAT(finished.output,
              HasSubstr(file.string() + ":1: key 'udp.port': cannot listen on udp 127.0.0.1:" +
                        std::to_string(taken.port()) + ": Address already in use\n"));
}

}  // namespace
}  // namespace service
