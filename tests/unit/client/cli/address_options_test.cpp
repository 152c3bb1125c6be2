#include "client/cli/address_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/cli/options.hpp"

namespace client {
namespace {

boost::system::result<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "coroecho-client");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Target accepted(const std::vector<const char*>& arguments) {
  const auto parsed = parse(arguments);
  if (!parsed) ADD_FAILURE() << parsed.error().error;
  return parsed ? parsed->target : Target();
}

std::string refused(const std::vector<const char*>& arguments) {
  const auto parsed = parse(arguments);
  EXPECT_FALSE(parsed);
  return parsed ? std::string() : parsed.error().error;
}

TEST(AddressOptions, ChooseAFamily) {
  EXPECT_EQ(accepted({"host"}).family, std::nullopt);
  EXPECT_EQ(accepted({"-4", "host"}).family, Family::v4);
  EXPECT_EQ(accepted({"-6", "::1", "7"}).family, Family::v6);
  EXPECT_THAT(refused({"-4", "-6"}), testing::HasSubstr(" excludes "));
}

TEST(AddressOptions, TakeASourceWhichDecidesTheFamily) {
  const auto target = accepted({"--source", "192.0.2.1", "host"});
  EXPECT_EQ(target.source, boost::asio::ip::make_address("192.0.2.1"));
  EXPECT_EQ(target.family, Family::v4);
  EXPECT_EQ(accepted({"--source=::1", "-6", "--udp", "--ping"}).family, Family::v6);
}

TEST(AddressOptions, RefuseFamiliesThatDoNotFitInOneLine) {
  EXPECT_EQ(refused({"-4", "[::1]:7"}), "HOST: ::1 is an IPv6 address, but -4 is for IPv4");
  EXPECT_EQ(refused({"-6", "127.0.0.1"}), "HOST: 127.0.0.1 is an IPv4 address, but -6 is for IPv6");
  EXPECT_EQ(refused({"--source", "127.0.0.1", "::1"}),
            "HOST: ::1 is an IPv6 address, but --source is for IPv4");
  EXPECT_EQ(refused({"--source", "::1", "-4"}), "--source: ::1 is an IPv6 address, not IPv4");
}

TEST(AddressOptions, RefuseASourceThatIsNoAddress) {
  for (const char* const source : {"", "localhost", "127.0.0.1:80", "127.0.0", "[::1]"})
    EXPECT_TRUE(refused({"--source", source}).starts_with("--source: ")) << source;
}

TEST(AddressOptions, AreNotForAUnixSocket) {
  for (const std::string option : {"-4", "-6", "--dscp=EF", "--source=::1", "--tls"}) {
    EXPECT_EQ(refused({option.c_str(), "/run/echo.sock"}),
              option.substr(0, option.find('=')) + " excludes a Unix socket");
  }
}

}  // namespace
}  // namespace client
