#include "server/accept/accept_error.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "coro/descriptor.hpp"

namespace {

bool concerns_one_connection(int number) {
  return server::concerns_one_connection({number, boost::system::system_category()});
}

TEST(AcceptError, OfANewConnectionConcernsThatAlone) {
  for (const int number : {ECONNABORTED, EINTR, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                           EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT})
    EXPECT_TRUE(concerns_one_connection(number)) << number;
}

TEST(AcceptError, OfTheSystemOrTheListeningSocketConcernsAll) {
  for (const int number : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EINVAL, EBADF, EAGAIN})
    EXPECT_FALSE(concerns_one_connection(number)) << number;
}

class ShutDown : public testing::TestWithParam<int> {};

TEST_P(ShutDown, IsSeenOnTheListeningSocket) {
  const coro::Descriptor socket(::socket(GetParam(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage any{};
  any.ss_family = static_cast<sa_family_t>(GetParam());
  const socklen_t size = GetParam() == AF_UNIX ? sizeof(sa_family_t) : sizeof any;
  ASSERT_EQ(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&any), size), 0);
  ASSERT_EQ(::listen(socket.number(), 1), 0);
  EXPECT_FALSE(server::is_shut_down(socket.number()));
  ::shutdown(socket.number(), SHUT_RDWR);
  EXPECT_TRUE(server::is_shut_down(socket.number()));
}

INSTANTIATE_TEST_SUITE_P(Families, ShutDown, testing::Values(AF_INET, AF_UNIX),
                         [](const auto& test) { return test.param == AF_UNIX ? "Unix" : "Tcp"; });

}  // namespace
