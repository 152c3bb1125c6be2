#include "client/wire/dscp.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "coro/descriptor.hpp"

namespace client {
namespace {

TEST(Dscp, IsANumberOrAName) {
  EXPECT_EQ(parse_dscp("0"), 0U);
  EXPECT_EQ(parse_dscp("63"), 63U);
  EXPECT_EQ(parse_dscp("046"), 46U);
  EXPECT_EQ(parse_dscp("EF"), 46U);
  EXPECT_EQ(parse_dscp("ef"), 46U);
  EXPECT_EQ(parse_dscp("AF41"), 34U);
  EXPECT_EQ(parse_dscp("CS1"), 8U);
  EXPECT_EQ(parse_dscp("le"), 1U);
  for (const char* text :
       {"", "64", "-1", "+1", "1x", "0x10", "AF44", "CS8", " 1", "1 ", "99999999999999999999"})
    EXPECT_EQ(parse_dscp(text), std::nullopt) << text;
}

// RFC 2597: class and drop precedence. RFC 2474: the class selectors.
TEST(Dscp, NamesFollowTheirFormulas) {
  for (unsigned of = 1; of <= 4; ++of) {
    for (unsigned drop = 1; drop <= 3; ++drop)
      EXPECT_EQ(parse_dscp("AF" + std::to_string(of) + std::to_string(drop)), 8 * of + 2 * drop);
  }
  for (unsigned selector = 0; selector <= 7; ++selector)
    EXPECT_EQ(parse_dscp("CS" + std::to_string(selector)), 8 * selector);
}

int option_of(int socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket, level, option, &value, &size), 0);
  return value;
}

TEST(Dscp, IsTheUpperSixBitsOfTheFieldOfEitherFamily) {
  using boost::asio::ip::make_address;
  const coro::Descriptor v4(::socket(AF_INET, SOCK_DGRAM, 0));
  EXPECT_FALSE(set_dscp(v4.number(), make_address("127.0.0.1"), std::nullopt));
  EXPECT_EQ(option_of(v4.number(), IPPROTO_IP, IP_TOS), 0);
  EXPECT_FALSE(set_dscp(v4.number(), make_address("127.0.0.1"), 46U));
  EXPECT_EQ(option_of(v4.number(), IPPROTO_IP, IP_TOS), 0xb8);
  const coro::Descriptor v6(::socket(AF_INET6, SOCK_DGRAM, 0));
  EXPECT_FALSE(set_dscp(v6.number(), make_address("::1"), 46U));
  EXPECT_EQ(option_of(v6.number(), IPPROTO_IPV6, IPV6_TCLASS), 0xb8);
}

}  // namespace
}  // namespace client
