#include "client/wire/failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <optional>

#include "coro/tls_error.hpp"

namespace client {
namespace {

namespace error = boost::asio::error;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const Target target{"example.org", "7"};

// The same target; nothing where TLS was left out.
std::optional<Target> with_tls() {
  const auto context = coro::TlsContext::make(coro::TlsContext::Role::connect);
  if (!context) return std::nullopt;
  Target encrypted = target;
  encrypted.tls = Tls{*context, "example.net"};
  return encrypted;
}

TEST(Failure, HasAClassForEveryKindOfError) {
  EXPECT_EQ(classify(error::connection_refused), FailureClass::refused);
  EXPECT_EQ(classify(error::host_unreachable), FailureClass::unreachable);
  EXPECT_EQ(classify(error::network_unreachable), FailureClass::unreachable);
  EXPECT_EQ(classify(error::timed_out), FailureClass::timeout);
  EXPECT_EQ(classify(error::host_not_found), FailureClass::dns);
  EXPECT_EQ(classify(error::host_not_found_try_again), FailureClass::dns);
  EXPECT_EQ(classify(error::service_not_found), FailureClass::dns);
  EXPECT_EQ(classify(error::connection_reset), FailureClass::reset);
  EXPECT_EQ(classify(error::broken_pipe), FailureClass::reset);
  EXPECT_EQ(classify(error::eof), FailureClass::closed);
  EXPECT_EQ(classify(error::no_descriptors), FailureClass::local);
  EXPECT_EQ(classify({EADDRNOTAVAIL, boost::system::system_category()}), FailureClass::local);
}

TEST(Failure, NamesThePathOfAUnixSocketAndWhatToDo) {
  Target local;
  local.path = "/run/echo.sock";
  const error_code missing{ENOENT, boost::system::system_category()};
  EXPECT_EQ(connect_failure(local, missing).kind, FailureClass::refused);
  EXPECT_THAT(connect_failure(local, missing).text,
              AllOf(HasSubstr("/run/echo.sock"), HasSubstr("check the path")));
  EXPECT_THAT(connect_failure(local, error::access_denied).text, HasSubstr("permissions"));
  EXPECT_THAT(connect_failure(local, error::timed_out).text, HasSubstr("queue is full"));
}

TEST(Failure, NamesTheServerAndWhatToDo) {
  EXPECT_THAT(text_of(connect_failure(target, error::connection_refused)),
              AllOf(StartsWith("coroecho-client: refused: "), HasSubstr("example.org:7"),
                    HasSubstr("start the server")));
  EXPECT_THAT(connect_failure(target, error::timed_out).text, HasSubstr("--timeout"));
  EXPECT_THAT(connect_failure(target, error::host_not_found).text, HasSubstr("spelling"));
  const auto no_answer = connect_failure(target, error::host_not_found_try_again);
  EXPECT_EQ(no_answer.kind, FailureClass::dns);
  EXPECT_THAT(no_answer.text, AllOf(HasSubstr("name server"), HasSubstr("example.org:7")));
  const error_code no_interface(EINVAL, boost::system::system_category());
  EXPECT_THAT(connect_failure(Target{"fe80::1", "7"}, no_interface).text, HasSubstr("%eth0"));
  const error_code no_port(EADDRNOTAVAIL, boost::system::system_category());
  EXPECT_THAT(connect_failure(target, no_port).text, HasSubstr("no free port"));
}

TEST(Failure, SaysHowMuchIsMissing) {
  EXPECT_THAT(transfer_failure(target, error::eof, 17).text, HasSubstr("17 bytes"));
  EXPECT_THAT(transfer_failure(target, error::eof, 0).text, testing::Not(HasSubstr("0 bytes")));
}

TEST(Failure, ShowsTheByteThatIsWrong) {
  const auto failure = mismatch_failure(target, {1000, std::byte{'A'}, std::byte{7}});
  EXPECT_THAT(failure.text, AllOf(HasSubstr("offset 1000"), HasSubstr("expected 0x41 'A'"),
                                  HasSubstr("got 0x07:")));
  EXPECT_THAT(mismatch_failure(target, {3, std::nullopt, std::byte{7}}).text,
              HasSubstr("expected nothing"));
}

TEST(Failure, OfAHandshakeIsNoFailureToConnect) {
  const auto encrypted = with_tls();
  if (!encrypted) GTEST_SKIP() << "built without TLS";
  for (const auto code :
       {error_code(coro::TlsError::truncated), error_code(error::connection_reset)})
    EXPECT_EQ(connect_failure(*encrypted, code).kind, FailureClass::handshake);
  EXPECT_EQ(connect_failure(target, error::connection_reset).kind, FailureClass::reset);
  EXPECT_EQ(connect_failure(*encrypted, error::connection_refused).text,
            connect_failure(target, error::connection_refused).text);
  EXPECT_THAT(connect_failure(*encrypted, error::timed_out).text, HasSubstr("speaks TLS"));
}

TEST(Failure, OfACertificateBeginsWithTheReason) {
  const auto encrypted = with_tls();
  if (!encrypted) GTEST_SKIP() << "built without TLS";
  const error_code expired(10, coro::certificate_category());  // X509_V_ERR_CERT_HAS_EXPIRED
  EXPECT_THAT(text_of(connect_failure(*encrypted, expired)),
              AllOf(StartsWith("coroecho-client: certificate: expired: example.org:7 "),
                    HasSubstr("example.net"), HasSubstr("--insecure")));
}

TEST(Failure, OfTlsAfterTheHandshakeHasAClassOfItsOwn) {
  if (!with_tls()) GTEST_SKIP() << "built without TLS";
  const auto truncated = transfer_failure(target, coro::TlsError::truncated, 6);
  EXPECT_EQ(truncated.kind, FailureClass::truncated);
  EXPECT_THAT(truncated.text, AllOf(HasSubstr("close_notify"), HasSubstr("6 bytes")));
  // TLS 1.3: a server refuses the client's certificate after the client's handshake has ended.
  const error_code alert(0x0a00045c,
                         coro::tls_category());  // SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
  EXPECT_THAT(text_of(transfer_failure(target, alert, 6)),
              AllOf(StartsWith("coroecho-client: handshake: "), HasSubstr("certificate required")));
}

TEST(Failure, IsOneLine) {
  for (const auto code :
       {error_code(error::connection_refused), error_code(error::eof), error_code(error::timed_out),
        error_code(error::host_not_found), error_code(error::no_descriptors)}) {
    EXPECT_EQ(text_of(connect_failure(target, code)).find('\n'), std::string::npos);
    EXPECT_EQ(text_of(transfer_failure(target, code, 3)).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace client
