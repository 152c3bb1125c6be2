#include "program/environment.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

namespace program {
namespace {

using testing::Optional;

struct Environment : testing::Test {
  ~Environment() override { ::unsetenv("COROECHO_TEST_PORT"); }
  static void set(const char* value) { ::setenv("COROECHO_TEST_PORT", value, 1); }
};

TEST_F(Environment, HasNoValueForAVariableThatIsNotSetOrEmpty) {
  EXPECT_EQ(environment("COROECHO_TEST_PORT"), std::nullopt);
  set("");
  EXPECT_EQ(environment("COROECHO_TEST_PORT"), std::nullopt);
  set("7");
  EXPECT_THAT(environment("COROECHO_TEST_PORT"), Optional(std::string("7")));
}

TEST_F(Environment, KnowsTheAddressThatKubernetesSetsAsAPort) {
  for (const char* link : {"tcp://10.0.0.1:7", "udp://10.0.0.1:7", "sctp://10.0.0.1:7"}) {
    set(link);
    EXPECT_TRUE(is_service_link("COROECHO_TEST_PORT")) << link;
  }
  set("7");
  EXPECT_FALSE(is_service_link("COROECHO_TEST_PORT"));
  EXPECT_FALSE(is_service_link("COROECHO_TEST"));
}

}  // namespace
}  // namespace program
