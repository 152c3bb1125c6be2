#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "tests/certificates.hpp"
#include "tests/service/tls_client.hpp"
#include "tests/service/upgrade.hpp"

// An upgrade and clients of TLS, whose connections end in order first.
namespace service {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class TlsUpgrade : public testing::Test {
 protected:
  TlsUpgrade() {
    const tests::Identity identity = tests::make_identity();
    directory_.write("certificate.pem", identity.certificate);
    std::filesystem::permissions(directory_.write("key.pem", identity.key),
                                 std::filesystem::perms(0600));
  }

  std::string configuration(const std::string& others = "") const {
    return "tls: {port: 0, certificate: " + (directory_ / "certificate.pem").string() +
           ", key: " + (directory_ / "key.pem").string() + "}\n" + others;
  }

  static SocketClient connect(const Server& server) {
    return {"127.0.0.1", server.port("tls 127.0.0.1")};
  }

  TemporaryDirectory directory_;
};

TEST_F(TlsUpgrade, ConnectionsEndInOrderAndTheOthersStay) {
  Server server(configuration());
  TlsClient client(connect(server));
  SocketClient plain = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_EQ("plain", plain.echo("plain"));
  server.process().signal(SIGRTMIN);
  EXPECT_EQ("", client.receive_until_end());  // by close_notify, or this throws
  client.socket().close();
  server.log().wait_for_line(" info upgrading: 1 TLS connections end first");
  EXPECT_THAT(server.log().wait_for_line(" upgraded to coroecho "),
              EndsWith(", 1 connections kept"));
  EXPECT_THAT(server.log().wait_for_line("client 1 disconnected: "),
              HasSubstr(": shutdown (5 bytes in, 5 bytes out, "));
  EXPECT_EQ("still", plain.echo("still"));
  TlsClient next(connect(server));
  EXPECT_EQ("next", next.echo("next"));
  server.log().wait_for_line("client 3 connected from ");
}

TEST_F(TlsUpgrade, AClientThatConnectsMeanwhileIsTheNewProgramsClient) {
  Server server(configuration());
  TlsClient slow(connect(server));
  EXPECT_EQ("hello", slow.echo("hello"));
  server.process().signal(SIGRTMIN);
  EXPECT_EQ("", slow.receive_until_end());
  // The old program waits for the end of the slow one, and leaves this one in the backlog.
  SocketClient next = connect(server);
  slow.socket().close();
  server.log().wait_for_line(" upgraded to coroecho ");
  TlsClient client(std::move(next));
  EXPECT_EQ("next", client.echo("next"));
}

TEST_F(TlsUpgrade, AClientThatConnectsMeanwhileIsRefusedInOrderIfTlsIsOffThen) {
  Server server(configuration());
  TlsClient slow(connect(server));
  EXPECT_EQ("hello", slow.echo("hello"));
  const std::uint16_t port = server.port("tls 127.0.0.1");
  server.write_configuration("");
  server.process().signal(SIGRTMIN);
  EXPECT_EQ("", slow.receive_until_end());
  SocketClient next("127.0.0.1", port);
  next.send("hello");
  slow.socket().close();
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_THAT(ending(server, 2), HasSubstr("handshake failed: TLS is off"));
  EXPECT_EQ(0U, server.log().count_lines(" exception"));
}

TEST_F(TlsUpgrade, OthersAreServedWhileThoseEnd) {
  Server server(configuration());
  TlsClient lingers(connect(server));
  TlsClient older(connect(server), {.newest = TLS1_2_VERSION});
  SocketClient plain = server.connect();
  EXPECT_EQ("lingers", lingers.echo("lingers"));
  EXPECT_EQ("older", older.echo("older"));
  EXPECT_EQ("plain", plain.echo("plain"));
  server.process().signal(SIGRTMIN);
  EXPECT_EQ("", lingers.receive_until_end());
  EXPECT_EQ("", older.receive_until_end());
  EXPECT_EQ("meanwhile", plain.echo("meanwhile"));
  EXPECT_EQ("new", server.connect().echo("new"));
  EXPECT_EQ(0U, server.log().count_lines(" upgraded to coroecho "));
  lingers.socket().close();
  older.socket().close();
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_EQ("after", plain.echo("after"));
}

// The bytes that a client has sent come back before close_notify.
TEST_F(TlsUpgrade, AClientGetsWhatHasArrived) {
  Server server(configuration("log: {payload: 0}"));
  TlsClient client(connect(server));
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGSTOP);
  const std::string bytes(100'000, 'x');
  client.send(bytes);
  server.process().signal(SIGRTMIN);
  server.process().signal(SIGCONT);
  EXPECT_TRUE(bytes == client.receive_until_end());
  client.socket().close();
  server.log().wait_for_line(" upgraded to coroecho ");
}

TEST_F(TlsUpgrade, AStopMeanwhileStopsInOrder) {
  Server server(configuration());
  TlsClient client(connect(server));
  SocketClient plain = server.connect();
  EXPECT_EQ("plain", plain.echo("plain"));
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGRTMIN);
  EXPECT_EQ("", client.receive_until_end());
  server.process().signal(SIGTERM);
  EXPECT_EQ("", plain.receive_until_end());
  client.socket().close();
  plain.close();
  server.expect_exit(0);
}

TEST_F(TlsUpgrade, AClientInTheMiddleOfItsHandshakeFinishesItAndEndsInOrder) {
  Server server(configuration());
  std::function<void()> upgrade = [&] {
    server.process().signal(SIGRTMIN);
    server.log().wait_for_line(" info upgrading: 1 TLS connections end first");
  };
  TlsClient client(connect(server), {.meanwhile = &upgrade});
  EXPECT_EQ("", client.receive_until_end());  // by close_notify, or this throws
  client.socket().close();
  server.log().wait_for_line(" upgraded to coroecho ");
}

TEST_F(TlsUpgrade, AClientInTheHandshakeIsNotWaitedForForLong) {
  Server server(configuration("shutdown: {timeout: 300ms}"));
  SocketClient silent = connect(server);
  SocketClient plain = server.connect();
  EXPECT_EQ("plain", plain.echo("plain"));
  EXPECT_THAT(upgrade(server), EndsWith(", 1 connections kept"));
  EXPECT_EQ("still", plain.echo("still"));
}

TEST_F(TlsUpgrade, ARefusedUpgradeEndsNoConnection) {
  Server server(configuration());
  TlsClient client(connect(server));
  EXPECT_EQ("before", client.echo("before"));
  server.write_configuration(configuration("colour: red"));
  refused_upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("next", TlsClient(connect(server)).echo("next"));
}

}  // namespace
}  // namespace service
