#include "server/session/client_log.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class ClientLogTest : public testing::Test {
 protected:
  // Configures the defaults with what `change` changes in them.
  template <typename Change>
  void configure(Change change) {
    Config config;
    change(config.log);
    log_.configure(config);
  }

  std::vector<std::string> flushed() {
    log_.flush();
    return lines_of(pipe_.read());
  }

  // All events of a client that sends "hi".
  void converse(std::uint64_t number) {
    ClientLog client(log_, number, "127.0.0.1:40112");
    client.connected();
    client.received("hi");
    client.disconnected("closed by client", {.bytes_in = 2, .bytes_out = 2});
  }

  // All events of a client that sends nothing.
  void probe(std::uint64_t number) {
    ClientLog client(log_, number, "127.0.0.1:40113");
    client.connected();
    client.disconnected("reset by client", {});
  }

  Pipe pipe_;
  EventLog log_{pipe_.writer()};
};

TEST_F(ClientLogTest, TellsWhenAClientConnectsSendsAndLeaves) {
  converse(3);
  EXPECT_THAT(
      flushed(),
      ElementsAre(EndsWith(" info client 3 connected from 127.0.0.1:40112"),
                  EndsWith(" info client 3 received 2 bytes: \"hi\""),
                  HasSubstr(" info client 3 disconnected: closed by client (2 bytes in, ")));
}

TEST_F(ClientLogTest, TellsOnlyTheEventsThatAreWanted) {
  configure([](LogConfig& config) {
    config.events = {.connect = true, .receive = false, .disconnect = false};
  });
  converse(1);
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("client 1 connected")));
  configure([](LogConfig& config) {
    config.events = {.connect = false, .receive = true, .disconnect = false};
  });
  converse(2);
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("client 2 received")));
  configure([](LogConfig& config) {
    config.events = {.connect = false, .receive = false, .disconnect = true};
  });
  converse(3);
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("client 3 disconnected")));
}

TEST_F(ClientLogTest, ShowsAtMostThePayloadThatIsConfigured) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  flushed();
  client.received(std::string(64, 'a'));
  client.received(std::string(65, 'a'));
  configure([](LogConfig& config) { config.payload = 3; });
  client.received("ab\xc3\xa4");
  configure([](LogConfig& config) { config.payload = 0; });
  client.received("abc");
  EXPECT_THAT(
      flushed(),
      ElementsAre(EndsWith("received 64 bytes: \"" + std::string(64, 'a') + '"'),
                  EndsWith("received 65 bytes: \"" + std::string(64, 'a') + "\"… 1 more"),
                  EndsWith("received 4 bytes: \"ab\"… 2 more"), EndsWith("received 3 bytes")));
}

TEST_F(ClientLogTest, TellsOfProbesByDefault) {
  probe(1);
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("client 1 connected from"),
                                     HasSubstr("client 1 disconnected: reset by client")));
}

TEST_F(ClientLogTest, SilencesProbesAndNobodyElse) {
  configure([](LogConfig& config) { config.probes = false; });
  probe(1);
  converse(2);
  probe(3);
  EXPECT_THAT(flushed(),
              ElementsAre(EndsWith("client 2 connected from 127.0.0.1:40112"),
                          HasSubstr("client 2 received"), HasSubstr("client 2 disconnected")));
}

TEST_F(ClientLogTest, SilencesProbesWhenReceivedBytesAreNotLogged) {
  configure([](LogConfig& config) {
    config.events = {.receive = false};
    config.probes = false;
  });
  probe(1);
  converse(2);
  EXPECT_THAT(flushed(),
              ElementsAre(HasSubstr("client 2 connected"), HasSubstr("client 2 disconnected")));
}

TEST_F(ClientLogTest, TellsTheTimeOfTheConnectionNotOfItsFirstByte) {
  configure([](LogConfig& config) { config.probes = false; });
  ClientLog client(log_, 1, "peer");
  client.connected();
  log_.info({"test"}, "meanwhile");
  client.received("x");
  const auto lines = flushed();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_LE(lines[1].substr(0, 24), lines[0].substr(0, 24));
}

TEST_F(ClientLogTest, TellsTheEndOfAClientWhoseConnectionItTold) {
  ClientLog client(log_, 1, "peer");
  client.connected();
  configure([](LogConfig& config) { config.probes = false; });
  client.disconnected("closed by client", {});
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("connected"), HasSubstr("disconnected")));
}

TEST_F(ClientLogTest, TellsBothWhenProbesAreLoggedAgain) {
  configure([](LogConfig& config) { config.probes = false; });
  ClientLog client(log_, 1, "peer");
  client.connected();
  configure([](LogConfig&) {});
  client.disconnected("closed by client", {});
  EXPECT_THAT(flushed(), ElementsAre(HasSubstr("connected"), HasSubstr("disconnected")));
}

TEST_F(ClientLogTest, LetsAPeerForgeNoLine) {
  ClientLog client(log_, 1, "a\nb");
  client.connected();
  client.received("\n2026-11-23T05:18:40.123Z info client 9 connected from nowhere\n");
  EXPECT_EQ(flushed().size(), 2U);
}

}  // namespace
}  // namespace server
