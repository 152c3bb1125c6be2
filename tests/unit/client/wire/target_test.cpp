#include "client/wire/target.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace client {
namespace {

std::pair<std::string, std::string> parsed(std::string_view host, std::string_view port = "") {
  const auto target = parse_target(host, port);
  return {target.host, target.port};
}

using Pair = std::pair<std::string, std::string>;

TEST(Target, IsPort8888OfThisMachineByDefault) {
  EXPECT_EQ(parsed(""), Pair("localhost", "8888"));
}

TEST(Target, IsAUnixSocketIfItHasASlash) {
  const auto target = parse_target("./echo.sock", "");
  EXPECT_TRUE(target.is_local());
  EXPECT_EQ(target.path, "./echo.sock");
  EXPECT_EQ(parse_target("/run/a:b", "").name(), "/run/a:b");
  EXPECT_FALSE(parse_target("echo.sock", "").is_local());
  EXPECT_EQ(parse_target("/a\nb", "").name(), "/a\\nb");
  EXPECT_THROW(parse_target("/run/echo.sock", "7"), std::invalid_argument);
  EXPECT_NO_THROW(parse_target('/' + std::string(106, 'x'), ""));
  EXPECT_THROW(parse_target('/' + std::string(107, 'x'), ""), std::invalid_argument);
}

TEST(Target, TakesHostAndPortApart) {
  EXPECT_EQ(parsed("example.org"), Pair("example.org", "8888"));
  EXPECT_EQ(parsed("example.org", "7"), Pair("example.org", "7"));
  EXPECT_EQ(parsed("10.0.0.1:99"), Pair("10.0.0.1", "99"));
  EXPECT_EQ(parsed("localhost", "echo"), Pair("localhost", "echo"));
}

TEST(Target, TakesTheUsualPortOnlyWhereNoneIsGiven) {
  EXPECT_EQ(parse_target("", "", "9").port, "9");
  EXPECT_EQ(parse_target("host", "7", "9").port, "7");
  EXPECT_EQ(parse_target("host:7", "", "9").port, "7");
}

TEST(Target, KnowsIpv6WithAndWithoutBrackets) {
  EXPECT_EQ(parsed("::1"), Pair("::1", "8888"));
  EXPECT_EQ(parsed("::1", "9"), Pair("::1", "9"));
  EXPECT_EQ(parsed("[::1]"), Pair("::1", "8888"));
  EXPECT_EQ(parsed("[::1]:9"), Pair("::1", "9"));
  EXPECT_EQ(parsed("[::1]", "9"), Pair("::1", "9"));
}

TEST(Target, RefusesWhatMakesNoSense) {
  for (const auto& [host, port] :
       {Pair("a:1", "2"), Pair("a:", ""), Pair(":9", ""), Pair("[::1", ""), Pair("[::1]9", ""),
        Pair("[::1]:", ""), Pair("[]", "")}) {
    EXPECT_THROW(parse_target(host, port), std::invalid_argument) << host << ' ' << port;
  }
}

TEST(Target, IsNamedAsItCanBeGivenAgain) {
  EXPECT_EQ(parse_target("::1", "9").name(), "[::1]:9");
  EXPECT_EQ(parse_target("host", "9").name(), "host:9");
}

}  // namespace
}  // namespace client
