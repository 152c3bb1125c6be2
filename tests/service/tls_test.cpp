#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/certificates.hpp"
#include "tests/service/patience.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"
#include "tests/service/tls_client.hpp"

// TLS on a port of its own.
namespace service {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using tests::Identity;
using tests::make_identity;

const Identity& identity() {
  static const Identity made = make_identity();
  return made;
}

// The files of a service, and a configuration that names them.
class Files {
 public:
  Files() : Files(identity()) {}
  explicit Files(const Identity& own) {
    write_certificate(own);
    write_key(own);
  }
  void write_certificate(const Identity& own) {
    directory_.write("certificate.pem", own.certificate);
  }
  void write_key(const Identity& own, std::filesystem::perms mode = std::filesystem::perms(0600)) {
    const std::filesystem::path key = directory_.write("key.pem", own.key);
    std::filesystem::permissions(key, mode);
  }
  void write_authority(const Identity& authority) {
    directory_.write("authority.pem", authority.certificate);
  }

  std::string path(std::string_view name) const { return (directory_ / name).string(); }
  // `more` are further keys of `tls`, `others` those beside it.
  std::string configuration(const std::string& more = "", const std::string& others = "") const {
    return "tls: {port: 0, certificate: " + path("certificate.pem") + ", key: " + path("key.pem") +
           (more.empty() ? "" : ", " + more) + "}\n" + others;
  }

 private:
  TemporaryDirectory directory_;
};

SocketClient connect(const Server& server) {
  return SocketClient("127.0.0.1", server.port("tls 127.0.0.1"));
}

void expect_handshake_refused(const Server& server, const TlsClient::Options& options) {
  EXPECT_THROW(
      {
        TlsClient client(connect(server), options);
        client.receive(1);  // in TLS 1.3 the client's handshake may have ended before
      },
      std::runtime_error);
}

TEST(Tls, EchoesBesidePlainTcp) {
  const Files files;
  const Server server(files.configuration());
  TlsClient client(connect(server));
  EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_EQ("plain", server.connect().echo("plain"));
}

TEST(Tls, KeepsNoDescriptorOpenOnExec) {
  const Files files;
  Server server(files.configuration());
  TlsClient client(connect(server));
  client.echo("secret");
  EXPECT_THAT(descriptors_kept_on_exec(server.process().pid()),
              testing::IsSubsetOf(descriptors_kept_on_exec(::getpid())));
}

TEST(Tls, LogsVersionCipherAndServerName) {
  const Files files;
  const Server server(files.configuration());
  TlsClient client(connect(server), {.server_name = "echo.example"});
  const std::string line = server.log().wait_for_line("client 1 connected from ");
  EXPECT_THAT(line, testing::EndsWith(client.socket().name() +
                                      ", TLSv1.3 TLS_AES_256_GCM_SHA384, for \"echo.example\", "
                                      "on 127.0.0.1:" +
                                      std::to_string(server.port("tls 127.0.0.1"))));
}

TEST(Tls, LogsAsJson) {
  const Files files;
  const Server server(files.configuration("", "log: {format: json}"));
  TlsClient client(connect(server), {.newest = TLS1_2_VERSION, .server_name = "echo.example"});
  EXPECT_THAT(server.log().wait_for_line("\"event\":\"connect\""),
              testing::AllOf(HasSubstr("\"tls\":\"TLSv1.2\",\"cipher\":\"ECDHE-"),
                             HasSubstr("\"server_name\":\"echo.example\"")));
}

class TlsVersion : public testing::TestWithParam<int> {};

TEST_P(TlsVersion, SixtyFourMebibytesComeBackAfterTheHalfClose) {
  const Files files;
  const Server server(files.configuration("", "log: {payload: 0, events: [disconnect]}"));
  std::string sent(std::size_t{64} << 20U, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i % 251);
  TlsClient client(connect(server), {.newest = GetParam()});
  EXPECT_TRUE(client.exchange(sent) == sent);
  EXPECT_THAT(ending(server), HasSubstr("closed by client (67108864 bytes in, 67108864 bytes out"));
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsVersion, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12"s : "Tls13"s;
                         });

// s_client cannot close its half and read on: the service ends the connection, once it was idle.
TEST(Tls, SixtyFourMebibytesComeBackToOpenssl) {
  const Files files;
  const Server server(files.configuration("", "log: {payload: 0}\nlimits: {idle_timeout: 1s}\n"));
  const std::string sent = random_bytes(std::size_t{64} << 20U);
  const Finished finished = run({"openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile",
                                 files.path("certificate.pem"), "-connect",
                                 "127.0.0.1:" + std::to_string(server.port("tls 127.0.0.1"))},
                                sent);
  EXPECT_EQ(0, finished.exit_code) << finished.errors;
  expect_same_bytes(sent, finished.output);
  EXPECT_THAT(ending(server), HasSubstr("idle timeout (67108864 bytes in, 67108864 bytes out"));
}

TEST(Tls, AnEndWithoutCloseNotifyIsTruncatedAndGetsItsEcho) {
  const Files files;
  const Server server(files.configuration());
  TlsClient client(connect(server));
  client.send("hello");
  client.socket().half_close();
  EXPECT_EQ("hello", client.receive_until_end());
  EXPECT_THAT(ending(server), HasSubstr(": truncated (5 bytes in, 5 bytes out"));
}

TEST(Tls, RefusesOldVersionsWithALine) {
  const Files files;
  const Server server(files.configuration());
  expect_handshake_refused(server, {.newest = TLS1_1_VERSION});
  EXPECT_THAT(ending(server), HasSubstr(": handshake failed: no protocol version in common ("));
}

TEST(Tls, RefusesWhatIsOlderThanMinVersion) {
  const Files files;
  const Server server(files.configuration("min_version: '1.3'"));
  expect_handshake_refused(server, {.newest = TLS1_2_VERSION});
  EXPECT_THAT(ending(server), HasSubstr(": handshake failed: no protocol version in common ("));
}

TEST(Tls, ReportsAClientThatSpeaksNoTls) {
  const Files files;
  const Server server(files.configuration());
  SocketClient client = connect(server);
  client.send("GET / HTTP/1.1\r\n\r\n");
  client.receive_until_end();
  client.close();
  EXPECT_THAT(ending(server),
              HasSubstr(": handshake failed: the other end sends HTTP without TLS"));
}

TEST(Tls, AFailedHandshakeIsLoggedWithoutProbesToo) {
  const Files files;
  const Server server(files.configuration("handshake_timeout: 100ms", "log: {probes: false}"));
  connect(server).close();  // is a probe
  SocketClient(connect(server)).receive_until_end();
  SocketClient client = connect(server);
  client.send("hello\n");
  client.receive_until_end();
  client.close();
  EXPECT_THAT(ending(server, 3), HasSubstr(": handshake failed: the other end does not"));
  EXPECT_EQ(0U, server.log().count_lines("client 1 "));
  EXPECT_EQ(0U, server.log().count_lines("client 2 "));
}

TEST(Tls, ChoosesTheProtocolThatIsOfferedAndRefusesNoOther) {
  const Files files;
  const Server server(files.configuration());
  EXPECT_EQ("echo", TlsClient(connect(server), {.protocol = "echo"}).protocol());
  EXPECT_EQ("", TlsClient(connect(server), {.protocol = "h2"}).protocol());
}

TEST(Tls, DemandsACertificateOfTheAuthorityAndLogsItsSubject) {
  const Identity authority = make_identity({.name = "authority"});
  const Identity visitor = make_identity({.name = "a \"visitor\"\n", .issuer = &authority});
  Files files;
  files.write_authority(authority);
  const Server server(files.configuration("client_ca: " + files.path("authority.pem")));
  TlsClient client(connect(server), {.identity = &visitor});
  EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_THAT(server.log().wait_for_line("client 1 connected"),
              HasSubstr(", subject \"CN=a \\\\\\\"visitor\\\\\\\"\\\\0A\""));
  expect_handshake_refused(server, {});
  EXPECT_THAT(ending(server, 2), HasSubstr(": handshake failed: certificate: none was sent"));
  const Identity stranger = make_identity({.name = "stranger"});
  expect_handshake_refused(server, {.identity = &stranger});
  EXPECT_THAT(ending(server, 3),
              HasSubstr(": handshake failed: certificate: unknown authority (self-signed)"));
}

// ---- time and turns

TEST(Tls, AThousandSilentClientsAreGoneAfterTheTimeoutAndOthersAreServed) {
  raise_descriptor_limit();
  const Files files;
  const Server server(files.configuration("handshake_timeout: 1s"));
  std::vector<SocketClient> silent;
  for (int i = 0; i < 1000; ++i)
    silent.push_back(connect(server));
  TlsClient client(connect(server));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ("hello", client.echo("hello"));
  server.log().wait_for_line(": handshake failed: not done in time", 1000);
  EXPECT_EQ("still there", client.echo("still there"));
}

TEST(Tls, AClientIsServedThatSendsWhileTheServiceIsPausedForLongerThanTheTimeout) {
  const Files files;
  Server server(files.configuration("handshake_timeout: 2s"));
  SocketClient socket = connect(server);
  EXPECT_EQ("hello", TlsClient(connect(server)).echo("hello"));  // the first one has begun
  server.process().signal(SIGSTOP);
  std::thread client([&] { EXPECT_EQ("hello", TlsClient(std::move(socket)).echo("hello")); });
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  server.process().signal(SIGCONT);
  client.join();
}

// Stops the service for longer than its handshake_timeout, which is 2 s, from begin() on.
class Pause {
 public:
  explicit Pause(Server& server) : server_(server) {}

  void begin() {
    server_.process().signal(SIGSTOP);
    end_ = std::jthread([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2200));
      server_.process().signal(SIGCONT);
    });
  }

 private:
  Server& server_;
  std::jthread end_;
};

TEST(Tls, AClientInItsHandshakeIsServedThoughTheServiceIsPausedForLongerThanTheTimeout) {
  const Files files;
  Server server(files.configuration("handshake_timeout: 2s"));
  Pause pause(server);
  std::function<void()> begin_pause = [&] { pause.begin(); };
  TlsClient client(connect(server), {.meanwhile = &begin_pause});
  EXPECT_EQ("hello", client.echo("hello"));
}

// After the pause the service waits once more, for the client's answer. Another client is served
// meanwhile, so that the service has come to each of its waits.
TEST(Tls, AClientInItsHandshakeIsServedThoughAPauseIsWithinItsHello) {
  const Files files;
  Server server(files.configuration("handshake_timeout: 2s"));
  Pause pause(server);
  std::function<void()> serve_another = [&] {
    EXPECT_EQ("hello", TlsClient(connect(server)).echo("hello"));
  };
  std::function<void()> begin_pause = [&] {
    serve_another();
    pause.begin();
  };
  TlsClient client(connect(server), {.meanwhile = &serve_another, .within_hello = &begin_pause});
  EXPECT_EQ("hello", client.echo("hello"));
}

TEST(Tls, ASilentClientWithoutAHandshakeTimeoutIsDrained) {
  const Files files;
  Server server(files.configuration("handshake_timeout: 0s"));
  const SocketClient silent = connect(server);
  EXPECT_EQ("hello", TlsClient(connect(server)).echo("hello"));  // the silent one has begun
  server.stop(SIGTERM);
  EXPECT_THAT(ending(server), HasSubstr(": shutdown"));
}

TEST(Tls, AHundredHandshakesAtOnceSucceed) {
  const Files files;
  const Server server(files.configuration());
  std::vector<std::thread> clients;
  for (int i = 0; i < 100; ++i)
    clients.emplace_back([&] { EXPECT_EQ("hello", TlsClient(connect(server)).echo("hello")); });
  for (std::thread& client : clients)
    client.join();
}

TEST(Tls, AnIdleClientAndADrainGetCloseNotify) {
  const Files files;
  Server server(files.configuration("", "limits: {idle_timeout: 200ms}"));
  TlsClient idle(connect(server));
  EXPECT_EQ("", idle.receive_until_end());
  TlsClient busy(connect(server));
  EXPECT_EQ("hello", busy.echo("hello"));
  server.process().signal(SIGTERM);
  EXPECT_EQ("", busy.receive_until_end());
  busy.socket().close();
  server.expect_exit(0);
}

TEST(Tls, AProxyHeaderComesFirst) {
  const Files files;
  const Server server(files.configuration("", "proxy_protocol: v1"));
  SocketClient socket = connect(server);
  socket.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 8888\r\n");
  TlsClient client(std::move(socket));
  EXPECT_EQ("hello", client.echo("hello"));
  server.log().wait_for_line("client 1 connected from 192.0.2.1:56324, TLSv1.3 ");
}

// ---- records that bring the service nothing

constexpr TlsClient::Options padded = {.padding = 16384};

// In the service's kernel: the client's may keep bytes back for a while.
void wait_until_arrived(const SocketClient& socket) {
  const auto deadline = Clock::now() + patience;
  for (int left = 1; left > 0; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    ASSERT_EQ(0, ::ioctl(socket.descriptor(), SIOCOUTQ, &left));
    ASSERT_LT(Clock::now(), deadline);
  }
}

// More of them than one turn of reading takes.
void send_behind_new_keys(TlsClient& client, std::string_view bytes) {
  client.change_keys();
  client.change_keys();
  client.send(bytes);
  wait_until_arrived(client.socket());
}

// The service finds bytes and signal at the same time.
TEST(Tls, ADrainEchoesWhatHadArrivedBehindRecordsWithoutData) {
  const Files files;
  Server server(files.configuration());
  TlsClient client(connect(server), padded);
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGSTOP);
  const std::string sent = random_bytes(16000);
  send_behind_new_keys(client, sent);
  server.process().signal(SIGTERM);
  server.process().signal(SIGCONT);
  expect_same_bytes(sent, client.receive_until_end());
  client.socket().close();
  server.expect_exit(0);
}

// A client could hold up the drain otherwise.
TEST(Tls, ADrainEndsThoughRecordsWithoutDataGoOnArriving) {
  const Files files;
  Server server(files.configuration("", "shutdown: {timeout: 1h}"));
  TlsClient client(connect(server), padded);
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGSTOP);
  send_behind_new_keys(client, "");
  server.process().signal(SIGTERM);
  server.process().signal(SIGCONT);
  EXPECT_THROW(
      {
        for (;;)
          client.change_keys();
      },
      std::runtime_error);
  server.expect_exit(0);
}

TEST(Tls, WhoHasSentBehindRecordsWithoutDataWasNotIdle) {
  const Files files;
  Server server(files.configuration("", "limits: {idle_timeout: 1s}"));
  TlsClient client(connect(server), padded);
  EXPECT_EQ("before", client.echo("before"));
  server.process().signal(SIGSTOP);
  send_behind_new_keys(client, "still here");
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  server.process().signal(SIGCONT);
  EXPECT_EQ("still here", client.receive(10));
}

// ---- certificates

void load_again(Server& server, const std::string& answer, std::size_t occurrence) {
  server.process().signal(SIGHUP);
  server.log().wait_for_line(answer, occurrence);
}

// In each of the fifty the pair does not match for a while.
TEST(Tls, AHundredReloadsOfPairsThatAreReplacedInTwoSteps) {
  const std::vector<Identity> pairs = {make_identity({.name = "first"}),
                                       make_identity({.name = "second"})};
  Files files(pairs[0]);
  Server server(files.configuration());
  TlsClient before(connect(server));
  for (std::size_t i = 1; i <= 50; ++i) {
    const Identity& next = pairs[i % 2];
    files.write_key(next);
    load_again(server, "not reloaded: ", i);
    EXPECT_EQ(i % 2 == 1 ? "first" : "second", TlsClient(connect(server)).server());
    files.write_certificate(next);
    load_again(server, " info reloaded", i);
    EXPECT_EQ(i % 2 == 1 ? "second" : "first", TlsClient(connect(server)).server());
  }
  EXPECT_THAT(server.log().wait_for_line("not reloaded: "),
              HasSubstr("key.pem: does not belong to the certificate"));
  EXPECT_EQ("hello", before.echo("hello"));
  EXPECT_EQ(50U, server.log().count_lines(" error "));
}

TEST(Tls, ACertificateThatExpiresWhileItIsServedFailsNoReload) {
  using std::chrono::system_clock;
  Files files(make_identity({.name = "old", .expires_after = std::chrono::seconds(3)}));
  const auto expiry = system_clock::now() + std::chrono::seconds(3);
  Server server(files.configuration());
  std::this_thread::sleep_until(expiry);
  server.write_configuration(files.configuration("min_version: '1.3'"));
  load_again(server, " info reloaded", 1);
  EXPECT_THAT(server.log().wait_for_line("certificate.pem: the certificate has expired, 20"),
              testing::AllOf(HasSubstr(" warning "), HasSubstr("key 'tls.certificate'")));
  expect_handshake_refused(server, {.newest = TLS1_2_VERSION});
  const Identity other =
      make_identity({.name = "other", .expires_after = std::chrono::seconds(-60)});
  files.write_certificate(other);
  files.write_key(other);
  load_again(server, "not reloaded: ", 1);
  EXPECT_EQ("old", TlsClient(connect(server)).server());
}

TEST(Tls, CanBeTurnedOnAndOffByAReload) {
  const Files files;
  Server server;
  server.write_configuration(files.configuration());
  load_again(server, " info reloaded", 1);
  TlsClient client(connect(server));
  server.write_configuration("");
  load_again(server, " info reloaded", 2);
  server.log().wait_for_line("no longer listening on tls 127.0.0.1:");
  EXPECT_EQ("hello", client.echo("hello"));
}

TEST(Tls, WarnsOfAKeyThatEveryoneCanRead) {
  Files files;
  files.write_key(identity(), std::filesystem::perms(0644));
  const Server server(files.configuration());
  EXPECT_THAT(server.log().wait_for_line("every user may read or change the key"),
              testing::AllOf(HasSubstr(" warning "), HasSubstr("key 'tls.key'")));
}

struct MistakenTls {
  std::string name;
  std::string configuration;  // CERTIFICATE and KEY stand for files
  std::string error;
};

class TlsMistake : public testing::TestWithParam<MistakenTls> {};

void replace(std::string& text, const std::string& word, const std::string& by) {
  if (const std::size_t at = text.find(word); at != std::string::npos)
    text.replace(at, word.size(), by);
}

TEST_P(TlsMistake, IsALineWithFileLineAndKeyAndExitCode78) {
  const Files files;
  const Files others(make_identity());
  const Files expired(make_identity({.expires_after = std::chrono::seconds(-60)}));
  TemporaryDirectory directory;
  directory.write("empty.pem", "");
  std::string configuration = GetParam().configuration;
  replace(configuration, "CERTIFICATE", files.path("certificate.pem"));
  replace(configuration, "OTHERKEY", others.path("key.pem"));
  replace(configuration, "EXPIRED", expired.path("certificate.pem"));
  replace(configuration, "OLDKEY", expired.path("key.pem"));
  replace(configuration, "EMPTY", (directory / "empty.pem").string());
  replace(configuration, "KEY", files.path("key.pem"));
  const std::string file = directory.write("coroecho.yaml", configuration).string();
  const Finished finished = run({COROECHO, "--config", file});
  EXPECT_EQ(78, finished.exit_code);
  EXPECT_THAT(finished.errors, testing::StartsWith("coroecho: " + file + ":1: key 'tls."));
  EXPECT_THAT(finished.errors, HasSubstr(GetParam().error));
  EXPECT_EQ(1, std::ranges::count(finished.errors, '\n'));
  EXPECT_EQ(78, run({COROECHO, "--check-config", "--config", file}).exit_code);
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, TlsMistake,
    testing::Values(
        MistakenTls{"NoCertificate", "tls: {port: 0, key: KEY}", "TLS needs tls.certificate"},
        MistakenTls{"NoKey", "tls: {port: 0, certificate: CERTIFICATE}", "TLS needs tls.key"},
        MistakenTls{"MissingFile", "tls: {port: 0, certificate: /nowhere, key: KEY}",
                    "key 'tls.certificate': /nowhere: cannot open: No such file or directory"},
        MistakenTls{"Directory", "tls: {port: 0, certificate: /tmp, key: KEY}",
                    "/tmp: is not a file"},
        MistakenTls{"EmptyFile", "tls: {port: 0, certificate: EMPTY, key: KEY}",
                    "empty.pem: no certificate in PEM"},
        MistakenTls{"Mismatch", "tls: {port: 0, certificate: CERTIFICATE, key: OTHERKEY}",
                    "key 'tls.key': "},
        MistakenTls{"Expired", "tls: {port: 0, certificate: EXPIRED, key: OLDKEY}",
                    "certificate.pem: the certificate has expired, 20"},
        MistakenTls{"NoAuthority",
                    "tls: {port: 0, certificate: CERTIFICATE, key: KEY, client_ca: EMPTY}",
                    "key 'tls.client_ca': "},
        MistakenTls{"ThePortOfPlainTcp", "tls: {port: 8888, certificate: CERTIFICATE, key: KEY}",
                    "is that of plain TCP"}),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace service
