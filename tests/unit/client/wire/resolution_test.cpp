#include "client/wire/resolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <string>
#include <vector>

#include "client/wire/failure.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

boost::system::result<Addresses> resolved(const Target& target) {
  boost::system::result<Addresses> result = Addresses();
  coro::Scheduler scheduler;
  scheduler.spawn("resolve", [&](coro::Yield yield) { result = resolve(yield, target, 30s); })
      .value();
  scheduler.run();
  return result;
}

std::vector<std::string> names(const Addresses& addresses) {
  std::vector<std::string> texts;
  for (const auto& endpoint : addresses)
    texts.push_back(endpoint.address().to_string() + " " + std::to_string(endpoint.port()));
  return texts;
}

TEST(Resolution, KnowsLocalhostWithoutAsking) {
  for (const char* name : {"localhost", "LocalHost", "localhost.", "anything.localhost"})
    EXPECT_THAT(names(resolved({name, "7"}).value()), ElementsAre("127.0.0.1 7", "::1 7")) << name;
}

TEST(Resolution, KeepsOnlyTheAddressesOfTheFamily) {
  Target target{"localhost", "7"};
  target.family = Family::v6;
  EXPECT_THAT(names(resolved(target).value()), ElementsAre("::1 7"));
  target.host = "127.0.0.1";
  const auto none = resolved(target);
  ASSERT_FALSE(none);
  EXPECT_THAT(text_of(connect_failure(target, none.error())),
              testing::HasSubstr("dns: no IPv6 address for 127.0.0.1:7"));
}

TEST(Resolution, KnowsTheNamesOfServices) {
  if (::getservbyname("echo", "tcp") == nullptr) GTEST_SKIP() << "no /etc/services";
  EXPECT_THAT(names(resolved({"localhost", "echo"}).value()), ElementsAre("127.0.0.1 7", "::1 7"));
}

TEST(Resolution, TakesAddressesAsTheyAre) {
  EXPECT_THAT(names(resolved({"::1", "8888"}).value()), ElementsAre("::1 8888"));
  EXPECT_THAT(names(resolved({"127.1.2.3", "8888"}).value()), ElementsAre("127.1.2.3 8888"));
}

TEST(Resolution, FailsByTheClassDns) {
  for (const Target& target : {Target{"127.0.0.1", "no-such-service"}, Target{"\xff", "7"}}) {
    const auto result = resolved(target);
    ASSERT_FALSE(result) << target.name();
    EXPECT_EQ(classify(result.error()), FailureClass::dns) << target.name();
  }
}

}  // namespace
}  // namespace client
