#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/certificates.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/client_pty.hpp"
#include "tests/service/client_terminal.hpp"
#include "tests/service/process.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/tls_echo.hpp"
#include "tests/temporary_directory.hpp"

// coroecho-client --tls.
namespace service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

class ClientTls : public testing::Test {
 protected:
  // To 127.0.0.1, for which the certificate is, and trusting the service's own certificate.
  std::vector<std::string> client(const TlsEcho& echo, std::vector<std::string> more = {}) const {
    const std::string ca = files_.write("ca.pem", echo.certificate());
    more.insert(more.begin(),
                {COROECHO_CLIENT, "127.0.0.1", std::to_string(echo.port()), "--tls", "--ca", ca});
    return more;
  }

  TemporaryDirectory files_;
};

void expect_one_line_failure(const Finished& finished, const std::string& message) {
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: " + message));
  EXPECT_THAT(finished.errors, testing::ContainsRegex("^[^\n]*\n$")) << "one line";
}

TEST_F(ClientTls, Returns64MebibytesAfterItsCloseNotify) {
  const TlsEcho echo;
  const auto bytes = random_bytes(64 * mebibyte);
  const auto finished = run(client(echo), bytes);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_same_bytes(bytes, finished.output);
}

TEST_F(ClientTls, ReportsAnEndWithoutCloseNotifyThoughAllCameBack) {
  const TlsEcho echo({.says_end = false});
  const auto finished = run(client(echo), "hello\n");
  EXPECT_EQ(finished.output, "hello\n");
  expect_one_line_failure(finished, "truncated: ");
}

TEST_F(ClientTls, TrustsNobodyWhomItWasNotToldToTrust) {
  const TlsEcho echo;
  const auto port = std::to_string(echo.port());
  const std::vector<std::string> command = {COROECHO_CLIENT, "127.0.0.1", port, "--tls"};
  expect_one_line_failure(run(command, "x"), "certificate: unknown authority");
  auto insecure = command;
  insecure.emplace_back("--insecure");
  EXPECT_EQ(run(insecure, "x").output, "x");
}

TEST_F(ClientTls, ExpectsTheCertificateOfTheHostOrOfTheNamedServer) {
  const TlsEcho echo;  // for localhost and 127.0.0.1
  EXPECT_EQ(run(client(echo, {"--servername", "localhost"}), "x").output, "x");
  expect_one_line_failure(run(client(echo, {"--servername", "example.org"}), "x"),
                          "certificate: wrong host");
  expect_one_line_failure(run(client(echo, {"--servername", "127.0.0.2"}), "x"),
                          "certificate: wrong host");
}

TEST_F(ClientTls, RefusesACertificateThatHasExpired) {
  const TlsEcho echo({.identity = tests::make_identity({.expires_after = -60s})});
  expect_one_line_failure(run(client(echo), "x"), "certificate: expired");
}

TEST_F(ClientTls, ShowsItsOwnCertificateToAServiceThatDemandsOne) {
  const auto own = tests::make_identity({.name = "client"});
  const TlsEcho echo({.client_ca = own.certificate});
  expect_one_line_failure(run(client(echo), "x"), "handshake: ");
  const std::string certificate = files_.write("cert.pem", own.certificate);
  const std::string key = files_.write("key.pem", own.key);
  EXPECT_EQ(run(client(echo, {"--cert", certificate, "--key", key}), "x").output, "x");
  const std::string both = files_.write("both.pem", own.certificate + own.key);
  EXPECT_EQ(run(client(echo, {"--cert", both}), "x").output, "x");
}

TEST_F(ClientTls, ReportsAServerWithoutTls) {
  const Server plain;  // echoes the client's first message
  const auto to = [&](std::uint16_t port) {
    return run({COROECHO_CLIENT, "--tls", "--timeout", "300ms", "127.0.0.1", std::to_string(port)});
  };
  expect_one_line_failure(to(plain.port()), "handshake: ");
  const FaultyServer closing([](FaultyConnection& connection, int) { connection.receive(); });
  expect_one_line_failure(to(closing.port()), "handshake: ");
  const FaultyServer silent([](FaultyConnection& connection, int) { connection.be_silent(); });
  expect_one_line_failure(to(silent.port()), "timeout: ");
}

TEST_F(ClientTls, IsCheckedByAMonitoringPluginFromAnAddressOfItsOwn) {
  const TlsEcho echo;
  const std::vector<std::string> check = {"--ping", "-i", "0", "--critical", "10s,1%"};
  EXPECT_THAT(run(client(echo, check)).output, StartsWith("OK - 127.0.0.1:"));
  auto elsewhere = check;
  elsewhere.insert(elsewhere.end(), {"--source", "127.0.0.9"});
  EXPECT_THAT(run(client(echo, elsewhere)).output, StartsWith("OK - 127.0.0.1:"));
  const auto untrusted = run({COROECHO_CLIENT, "127.0.0.1", std::to_string(echo.port()), "--tls",
                              "--ping", "--critical", "10s"});
  EXPECT_EQ(untrusted.exit_code, 2);
  EXPECT_THAT(untrusted.output, AllOf(StartsWith("CRITICAL - "), HasSubstr("(certificate: ")));
}

TEST_F(ClientTls, PingShowsTheHandshakeApart) {
  const TlsEcho echo;
  const std::vector<std::string> ping = {"--ping", "-c", "2", "-i", "0"};
  const auto text = run(client(echo, ping));
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, AllOf(StartsWith("connected to 127.0.0.1:"), HasSubstr(", TLSv1.3 TLS_"),
                                 HasSubstr("\nconnect min/avg/max = "),
                                 HasSubstr("\nhandshake min/avg/max = ")));
  auto json = ping;
  json.emplace_back("--json");
  EXPECT_THAT(run(client(echo, json)).output,
              AllOf(HasSubstr(R"("handshake_ms":)"), HasSubstr(R"("tls":"TLSv1.3 TLS_)"),
                    HasSubstr(R"("handshake_ms":{"min":)")));
}

TEST_F(ClientTls, BenchVerifiesEveryByteInEveryMode) {
  const TlsEcho echo;
  for (const std::string mode : {"pingpong", "stream", "churn", "idle"}) {
    const auto finished =
        run(client(echo, {"--bench", "--mode", mode, "--connections", "4", "--duration", "200ms",
                          "--warmup", "0", "--threads", "2"}));
    EXPECT_EQ(finished.exit_code, 0) << mode << ": " << finished.errors << finished.output;
    EXPECT_THAT(finished.output,
                AllOf(HasSubstr("\n  handshakes   "), HasSubstr("\n  failures     none\n")));
    EXPECT_EQ(finished.output.find("/s, min/avg/max") != std::string::npos, mode == "churn");
  }
}

// The rest of an echo is in OpenSSL then, and the socket, which has nothing, does not report it.
TEST_F(ClientTls, BenchTakesAnEchoThatIsLargerThanItsBuffer) {
  const TlsEcho echo;
  const auto finished = run(client(echo, {"--bench", "--connections", "2", "--size", "262244",
                                          "--duration", "200ms", "--warmup", "0"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors << finished.output;
}

TEST_F(ClientTls, APromptTellsHowItIsEncrypted) {
  const TlsEcho echo;
  std::string command;
  for (const auto& word : client(echo))
    command += "\"" + word + "\" ";
  const Terminal terminal(command);
  terminal.wait_for(", TLSv1.3 TLS_");
  terminal.enter("hello");
  terminal.wait_for("recv from server:hello");
  terminal.press("C-d");
  terminal.wait_for("exit=0");
}

// The handshake takes as long as the server is stopped.
TEST_F(ClientTls, TwoLinesThatWantTheConnectionMakeOne) {
  const auto identity = tests::make_identity();
  const std::string certificate = files_.write("certificate.pem", identity.certificate);
  const std::string key = files_.write("key.pem", identity.key);
  Server server("tls: {port: 0, certificate: " + certificate + ", key: " + key + "}");
  const std::string name = "127.0.0.1:" + std::to_string(server.port("tls 127.0.0.1"));
  const Terminal terminal("\"" COROECHO_CLIENT "\" " + name + " --tls --ca " + certificate);
  terminal.wait_for_last_line(name + ">");
  terminal.enter(":close");
  terminal.wait_for_last_line("not connected>");
  server.process().signal(SIGSTOP);
  terminal.enter(":ping 2");
  terminal.enter("hello");
  terminal.wait_for("hello");
  server.process().signal(SIGCONT);
  terminal.wait_for("recv from server:hello");
  terminal.wait_for("echo 2 of 2: ");
  terminal.press("C-d");
  terminal.wait_for("exit=0");
  server.log().wait_for_line("client 2 disconnected: closed by client");
  EXPECT_EQ(server.log().count_lines("client 3 connected"), 0U);
}

// The service and the client, each of which demands the other's certificate.
class ClientTlsToTheService : public testing::Test {
 protected:
  std::vector<std::string> client(std::vector<std::string> more = {}) const {
    const auto port = std::to_string(server_.port("tls 127.0.0.1"));
    const auto visitor = (files_ / "visitor.pem").string();
    more.insert(more.begin(), {COROECHO_CLIENT, "127.0.0.1", port, "--tls", "--ca",
                               (files_ / "certificate.pem").string(), "--cert", visitor});
    return more;
  }
  // The service has seen connections that ended as they should, and nothing else.
  void expect_ordinary_endings() {
    server_.stop(SIGTERM);
    const std::string log = server_.log().text();
    EXPECT_THAT(log, HasSubstr(", TLSv1.3 TLS_AES_256_GCM_SHA384, subject \"CN=visitor\""));
    EXPECT_THAT(log, HasSubstr(" disconnected: closed by client"));
    EXPECT_THAT(log, testing::Not(testing::ContainsRegex("truncated|handshake failed|reset by")));
  }

 private:
  std::string configuration() {
    const auto authority = tests::make_identity({.name = "authority"});
    const auto visitor = tests::make_identity({.name = "visitor", .issuer = &authority});
    const auto own = tests::make_identity();
    files_.write("visitor.pem", visitor.certificate + visitor.key);
    const auto key = files_.write("key.pem", own.key);
    std::filesystem::permissions(key, std::filesystem::perms(0600));
    return "log: {payload: 0}\ntls: {port: 0, certificate: " +
           files_.write("certificate.pem", own.certificate).string() + ", key: " + key.string() +
           ", client_ca: " + files_.write("authority.pem", authority.certificate).string() + "}";
  }

  TemporaryDirectory files_;
  Server server_{configuration()};
};

TEST_F(ClientTlsToTheService, APipeGetsEightMebibytesBack) {
  const auto bytes = random_bytes(8 * mebibyte);
  const auto finished = run(client(), bytes);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_same_bytes(bytes, finished.output);
  expect_ordinary_endings();
}

TEST_F(ClientTlsToTheService, APromptGetsItsEcho) {
  Pty terminal(client(), {.environment = {{"NO_COLOR", "1"}}});
  terminal.wait_for(", TLSv1.3 TLS_");
  terminal.type("hello\r");
  terminal.wait_for("recv from server:hello");
  terminal.type("\x04");
  EXPECT_EQ(terminal.wait(), 0);
  expect_ordinary_endings();
}

TEST_F(ClientTlsToTheService, PingMeasuresTheHandshake) {
  const auto finished = run(client({"--ping", "-c", "3", "-i", "0"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_THAT(finished.output,
              AllOf(HasSubstr("3 sent, 3 received, "), HasSubstr("\nhandshake min/avg/max = ")));
  expect_ordinary_endings();
}

TEST_F(ClientTlsToTheService, BenchSucceedsInEveryMode) {
  for (const std::string mode : {"pingpong", "stream", "churn", "idle"}) {
    const auto finished = run(client(
        {"--bench", "--mode", mode, "--connections", "4", "--duration", "200ms", "--warmup", "0"}));
    EXPECT_EQ(finished.exit_code, 0) << mode << ": " << finished.errors << finished.output;
    EXPECT_THAT(finished.output, HasSubstr("\n  failures     none\n"));
  }
  expect_ordinary_endings();
}

}  // namespace
}  // namespace service
