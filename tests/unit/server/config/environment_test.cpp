#include "server/config/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "program/environment.hpp"
#include "server/config/settings.hpp"

namespace server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A variable for as long as the test takes.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

std::vector<std::string> every_key() {
  Config config;
  std::vector<std::string> keys;
  for (const Setting& setting : settings(config)) {
    keys.push_back(setting.key);
  }
  return keys;
}

TEST(Environment, AVariableIsItsKeyInCapitalsWithUnderscores) {
  EXPECT_EQ(variable_of("port"), "COROECHO_PORT");
  EXPECT_EQ(variable_of("reuse_port"), "COROECHO_REUSE_PORT");
  EXPECT_EQ(variable_of("limits.idle_timeout"), "COROECHO_LIMITS_IDLE_TIMEOUT");
}

TEST(Environment, NoTwoKeysShareAVariableAndNoneTakesTheFiles) {
  std::set<std::string> variables = {"COROECHO_CONFIG"};
  for (const std::string& key : every_key()) {
    EXPECT_TRUE(variables.insert(variable_of(key)).second) << key;
  }
}

TEST(Environment, AListIsSeparatedByCommasAndASingleValueIsTakenWhole) {
  const Variable host("COROECHO_HOST", "::1,192.0.2.1");
  EXPECT_THAT(environment_values("host", true), ElementsAre("::1", "192.0.2.1"));
  EXPECT_THAT(environment_values("host", false), ElementsAre("::1,192.0.2.1"));
}

TEST(Environment, BlanksAroundTheCommasOfAListDoNotCount) {
  const Variable allowed("COROECHO_ACCESS_ALLOW", " 192.0.2.0/24, 2001:db8::/32\t");
  EXPECT_THAT(environment_values("access.allow", true),
              ElementsAre("192.0.2.0/24", "2001:db8::/32"));
}

TEST(Environment, AnEmptyVariableCountsAsNotSet) {
  const Variable events("COROECHO_LOG_EVENTS", "");
  EXPECT_THAT(environment_values("log.events", true), IsEmpty());
  EXPECT_EQ(program::environment("COROECHO_LOG_EVENTS"), std::nullopt);
}

TEST(Environment, AMisspeltVariableIsToldWithTheOneThatWasMeant) {
  const Variable limit("COROECHO_LIMIT_IDLE_TIMEOUT", "1s");
  const Variable config("COROECHO_CONFG", "a.yaml");
  const Variable section("COROECHO_UNIX", "/run/echo.sock");
  EXPECT_THAT(
      ignored_variables(every_key()),
      ElementsAre(
          "COROECHO_CONFG: sets nothing, did you mean COROECHO_CONFIG",
          "COROECHO_LIMIT_IDLE_TIMEOUT: sets nothing, did you mean COROECHO_LIMITS_IDLE_TIMEOUT",
          "COROECHO_UNIX: sets nothing, did you mean COROECHO_UNIX_PATH"));
}

TEST(Environment, TheNameInThatLineIsEscaped) {
  const Variable port("COROECHO_P\nORT", "1");
  EXPECT_THAT(ignored_variables({"port"}),
              ElementsAre("COROECHO_P\\nORT: sets nothing, did you mean COROECHO_PORT"));
}

TEST(Environment, OtherPeoplesVariablesAreLeftAlone) {
  const Variable history("COROECHO_HISTFILE", "/dev/null");
  const Variable fuzzing("COROECHO_FUZZ_SECONDS", "1");
  // Of Kubernetes, for a service called coroecho.
  const Variable host("COROECHO_SERVICE_HOST", "10.0.0.1");
  const Variable port("COROECHO_SERVICE_PORT", "8888");
  const Variable named("COROECHO_SERVICE_PORT_ECHO", "8888");
  const Variable url("COROECHO_PORT_8888_TCP", "tcp://10.0.0.1:8888");
  const Variable protocol("COROECHO_PORT_8888_TCP_PROTO", "tcp");
  const Variable number("COROECHO_PORT_8888_TCP_PORT", "8888");
  const Variable address("COROECHO_PORT_8888_TCP_ADDR", "10.0.0.1");
  // And for one called coroecho-a.
  const Variable other("COROECHO_A_PORT", "tcp://10.0.0.2:8888");
  EXPECT_THAT(ignored_variables(every_key()), IsEmpty());
}

TEST(Environment, APortThatKubernetesOrALinkSetsIsIgnoredWithALine) {
  const Variable port("COROECHO_PORT", "tcp://10.0.0.1:8888");
  const Variable admin("COROECHO_ADMIN_PORT", "udp://[fd00::1]:8889");
  EXPECT_THAT(environment_values("port", false), IsEmpty());
  EXPECT_THAT(environment_values("admin.port", false), IsEmpty());
  EXPECT_THAT(ignored_variables(every_key()),
              ElementsAre("COROECHO_ADMIN_PORT: \"udp://[fd00::1]:8889\" is ignored: Kubernetes "
                          "(enableServiceLinks) or a Docker link sets it",
                          "COROECHO_PORT: \"tcp://10.0.0.1:8888\" is ignored: Kubernetes "
                          "(enableServiceLinks) or a Docker link sets it"));
}

TEST(Environment, AnotherWrongPortIsTheOperatorsMistake) {
  const Variable port("COROECHO_PORT", "http://10.0.0.1:8888");
  const Variable level("COROECHO_LOG_LEVEL", "tcp://10.0.0.1:8888");
  EXPECT_THAT(environment_values("port", false), ElementsAre("http://10.0.0.1:8888"));
  EXPECT_THAT(environment_values("log.level", false), ElementsAre("tcp://10.0.0.1:8888"));
  EXPECT_THAT(ignored_variables(every_key()), IsEmpty());
}

TEST(Environment, NeitherEveryKeysOwnVariableNorOthersAreMisspelt) {
  const Variable port("COROECHO_PORT", "1");
  const Variable limit("COROECHO_LIMITS_IDLE_TIMEOUT", "1s");
  const Variable config("COROECHO_CONFIG", "a.yaml");
  const Variable other("COROECHOPORT", "1");
  EXPECT_THAT(ignored_variables(every_key()), IsEmpty());
}

}  // namespace
}  // namespace server
