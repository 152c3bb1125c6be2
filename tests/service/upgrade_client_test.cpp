#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

// Clients that are in the middle of something when the service is upgraded.
namespace service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

const std::string& upgrade_flood() {
  static const std::string bytes = random_bytes(16 * mebibyte);
  return bytes;
}

void upgrade_twice(Server& server) {
  upgrade(server);
  upgrade(server);
}

std::string counts(std::size_t bytes) {
  return "(" + std::to_string(bytes) + " bytes in, " + std::to_string(bytes) + " bytes out, ";
}

// The client's and the service's kernels are full, and the session has an unsent rest.
TEST(UpgradeOfAClient, ThatIsOwedMoreThanAMebibyteGetsAllOfIt) {
  Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  const std::size_t sent = client.send_until_blocked(upgrade_flood());
  ASSERT_GT(sent, mebibyte);
  upgrade_twice(server);
  expect_same_bytes(upgrade_flood().substr(0, sent), client.receive(sent));
  EXPECT_EQ("after", client.echo("after"));
  client.close();
  EXPECT_THAT(ending(server), HasSubstr("closed by client " + counts(sent + 5)));
}

TEST(UpgradeOfAClient, ThatIsOwedMoreThanAMebibyteAndHasHalfClosedGetsAllOfIt) {
  Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  const std::size_t sent = client.send_until_blocked(upgrade_flood());
  ASSERT_GT(sent, mebibyte);
  client.half_close();
  upgrade(server);
  std::string received = client.receive(sent / 2);
  upgrade(server);
  received += client.receive_until_end();
  expect_same_bytes(upgrade_flood().substr(0, sent), received);
  EXPECT_THAT(ending(server), HasSubstr("closed by client " + counts(sent)));
}

// The service has read the FIN, has nothing left to send, and waits for acknowledgements.
TEST(UpgradeOfAClient, ThatHasHalfClosedAndReadsSlowlyGetsEverything) {
  Server server("log: {payload: 0}");
  const std::size_t size = 250 * kibibyte;
  SocketClient client("127.0.0.1", server.port(), "", 4096);
  client.send(upgrade_flood().substr(0, size));
  client.half_close();
  std::this_thread::sleep_for(50ms);
  std::string received;
  while (received.size() < size) {
    upgrade(server);
    received += client.receive(std::min(size / 4, size - received.size()));
  }
  EXPECT_EQ("", client.receive_until_end());
  expect_same_bytes(upgrade_flood().substr(0, size), received);
  EXPECT_THAT(ending(server), HasSubstr("closed by client " + counts(size)));
}

TEST(UpgradeOfAClient, ThatNeverReadsStillEndsByTheWriteTimeout) {
  Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = server.connect();
  client.send_until_blocked(upgrade_flood());
  upgrade_twice(server);
  EXPECT_THAT(ending(server), HasSubstr("write timeout"));
}

// Bytes and the FIN wait in the socket while the service is executed anew.
TEST(UpgradeOfAClient, ThatSendsAndClosesMeanwhileIsServed) {
  Server server;
  SocketClient closing = server.connect();
  SocketClient half_closing = server.connect();
  SocketClient resetting = server.connect();
  EXPECT_EQ("one", closing.echo("one"));
  EXPECT_EQ("one", half_closing.echo("one"));
  EXPECT_EQ("one", resetting.echo("one"));
  server.process().signal(SIGSTOP);
  server.process().signal(SIGRTMIN);
  closing.send("two");
  closing.close();
  half_closing.send("two");
  half_closing.half_close();
  resetting.send("two");
  resetting.reset();
  server.process().signal(SIGCONT);
  EXPECT_EQ("two", half_closing.receive_until_end());
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_THAT(ending(server, 2), HasSubstr("closed by client " + counts(6)));
  EXPECT_THAT(ending(server, 1), HasSubstr("(6 bytes in, "));
  EXPECT_THAT(ending(server, 3), HasSubstr("reset by client"));
}

TEST(UpgradeOfAClient, OverAUnixSocketIsServedOnAndItsFileStays) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server("{host: [], unix: " + path.string() + ", log: {payload: 0}}", {});
  SocketClient idle(path);
  SocketClient owed(path);
  SocketClient half_closed(path);
  EXPECT_EQ("before", idle.echo("before"));
  const std::size_t sent = owed.send_until_blocked(upgrade_flood());
  half_closed.send(upgrade_flood().substr(0, 100 * kibibyte));
  half_closed.half_close();
  upgrade_twice(server);
  EXPECT_EQ("after", idle.echo("after"));
  expect_same_bytes(upgrade_flood().substr(0, sent), owed.receive(sent));
  expect_same_bytes(upgrade_flood().substr(0, 100 * kibibyte), half_closed.receive_until_end());
  EXPECT_EQ("new", SocketClient(path).echo("new"));
  EXPECT_EQ(1U, server.log().count_lines("listening on unix"));
  for (SocketClient* client : {&idle, &owed})
    client->close();
  server.stop(SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(path));
}

void send_with_urgent_bytes(SocketClient& client) {
  client.send("a");
  ASSERT_EQ(1, ::send(client.descriptor(), "!", 1, MSG_OOB));
  client.send("b");
}

TEST(UpgradeOfAClient, ReturnsUrgentBytesInTheirPlace) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server("unix: " + path.string());
  server.log().wait_for_line("listening on unix");
  SocketClient tcp = server.connect();
  SocketClient local(path);
  EXPECT_EQ("tcp", tcp.echo("tcp"));
  EXPECT_EQ("local", local.echo("local"));
  server.process().signal(SIGSTOP);
  server.process().signal(SIGRTMIN);
  send_with_urgent_bytes(tcp);
  send_with_urgent_bytes(local);
  server.process().signal(SIGCONT);
  EXPECT_EQ("a!b", tcp.receive(3));
  EXPECT_EQ("a!b", local.receive(3));
  server.log().wait_for_line(" upgraded to coroecho ");
  send_with_urgent_bytes(tcp);
  send_with_urgent_bytes(local);
  EXPECT_EQ("a!b", tcp.receive(3));
  EXPECT_EQ("a!b", local.receive(3));
  SocketClient next(path);  // from a listener that was handed over
  send_with_urgent_bytes(next);
  EXPECT_EQ("a!b", next.receive(3));
}

// The service has sent its FIN, and waits until the client closes its half.
TEST(UpgradeOfAClient, InItsGoodbyeIsNotReset) {
  Server server("limits: {idle_timeout: 200ms}");
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_EQ("", client.receive_until_end());
  server.write_configuration("");
  upgrade(server);
  client.send("more");
  std::this_thread::sleep_for(50ms);
  client.send("and more");
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  EXPECT_THAT(ending(server), HasSubstr("idle timeout " + counts(5)));
}

TEST(UpgradeOfAClient, InItsGoodbyeGetsWhatItIsOwed) {
  Server server("{faults: {close_after: 1MiB}, log: {payload: 0}}");
  SocketClient client("127.0.0.1", server.port(), "", 4096);
  client.send_until_blocked(upgrade_flood(), 100ms);
  std::string received;
  while (received.size() < mebibyte) {
    upgrade(server);
    received += client.receive(std::min(mebibyte / 4, mebibyte - received.size()));
  }
  EXPECT_EQ("", client.receive_until_end());
  expect_same_bytes(upgrade_flood().substr(0, mebibyte), received);
  client.close();
  EXPECT_THAT(ending(server), HasSubstr("fault: close_after "));
}

const std::string header = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 7\r\n";

// Within the seconds that it has for it, so there is one upgrade.
TEST(UpgradeOfAClient, WhoseProxyHeaderComesInTwoParts) {
  Server server("{proxy_protocol: v1, limits: {max_connections_per_ip: 1}}");
  SocketClient client = server.connect();
  client.send(header.substr(0, 20));
  SocketClient silent = server.connect();
  std::this_thread::sleep_for(50ms);
  upgrade(server);
  client.send(header.substr(20) + "hello");
  silent.send("PROXY TCP4 192.0.2.9 192.0.2.8 4711 7\r\nhello");
  EXPECT_EQ("hello", client.receive(5));
  server.log().wait_for_line("client 1 connected from 192.0.2.7:4711");
  EXPECT_EQ("hello", silent.receive(5));
  server.log().wait_for_line("client 2 connected from 192.0.2.9:4711");
}

TEST(UpgradeOfAClient, BehindAProxyKeepsItsAddressAndItsPlaceAmongTheConnectionsOfIt) {
  Server server("{proxy_protocol: v1, limits: {max_connections_per_ip: 1}}");
  SocketClient client = server.connect();
  client.send(header + "hello");
  EXPECT_EQ("hello", client.receive(5));
  upgrade_twice(server);
  SocketClient same = server.connect();
  same.send(header);
  EXPECT_EQ("", same.receive_until_end());
  same.close();
  EXPECT_THAT(ending(server, 2), HasSubstr("limit"));
  EXPECT_EQ("after", client.echo("after"));
  client.close();
  EXPECT_THAT(ending(server), HasSubstr("closed by client " + counts(10)));
  SocketClient next = server.connect();
  next.send(header + "next");
  EXPECT_EQ("next", next.receive(4));
}

TEST(UpgradeOfAClient, ThatHasSaidNothingIsNotMentionedWithoutProbes) {
  Server server("log: {probes: false}");
  SocketClient probe = server.connect();
  SocketClient later = server.connect();
  SocketClient known = server.connect();
  EXPECT_EQ("known", known.echo("known"));
  upgrade_twice(server);
  EXPECT_EQ("late", later.echo("late"));
  server.log().wait_for_line("client 2 connected");
  EXPECT_EQ("known", known.echo("known"));
  probe.close();
  later.close();
  known.close();
  ending(server, 2);
  ending(server, 3);
  server.stop(SIGTERM);
  EXPECT_EQ(1U, server.log().count_lines("client 3 connected"));
  EXPECT_EQ(0U, server.log().count_lines("client 1 "));
}

// One line for each connection, as without an upgrade, and the whole duration.
TEST(UpgradeOfAClient, IsLoggedOnceWithItsNumberCountsAndDuration) {
  Server server;
  const Clock::time_point begin = Clock::now();
  SocketClient client = server.connect();
  EXPECT_EQ("one", client.echo("one"));
  upgrade(server);
  EXPECT_EQ("two", client.echo("two"));
  upgrade(server);
  const auto lasted = std::chrono::duration<double>(Clock::now() - begin);
  client.close();
  const std::string line = ending(server);
  EXPECT_THAT(line, HasSubstr("closed by client " + counts(6)));
  const std::size_t duration = line.find("bytes out, ") + 11;
  EXPECT_GE(std::stod(line.substr(duration)) + 0.1, lasted.count()) << line;
  EXPECT_EQ(1U, server.log().count_lines("client 1 connected"));
  EXPECT_EQ(1U, server.log().count_lines("client 1 received 3 bytes: \"one\""));
  EXPECT_EQ(1U, server.log().count_lines("client 1 received 3 bytes: \"two\""));
  SocketClient next = server.connect();
  EXPECT_EQ("next", next.echo("next"));
  server.log().wait_for_line("client 2 connected from " + next.name());
}

}  // namespace
}  // namespace service
