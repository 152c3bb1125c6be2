#include "client/wire/failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <cerrno>

namespace client {
namespace {

namespace error = boost::asio::error;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const Target target{"example.org", "7"};

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

TEST(Failure, NamesTheServerAndWhatToDo) {
  EXPECT_THAT(text_of(connect_failure(target, error::connection_refused)),
              AllOf(StartsWith("coroecho-client: refused: "), HasSubstr("example.org:7"),
                    HasSubstr("start the server")));
  EXPECT_THAT(connect_failure(target, error::timed_out).text, HasSubstr("--timeout"));
  EXPECT_THAT(connect_failure(target, error::host_not_found).text, HasSubstr("spelling"));
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
