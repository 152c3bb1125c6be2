#include "server/process/service_environment.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "server/config/config_error.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                     "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};

class ServiceEnvironmentTest : public testing::Test {
 protected:
  ServiceEnvironmentTest() { forget(); }
  ~ServiceEnvironmentTest() override { forget(); }

  static void set(const char* variable, const std::string& value) {
    ::setenv(variable, value.c_str(), 1);
  }
  static void forget() {
    for (const char* variable : variables)
      ::unsetenv(variable);
  }

  static std::string error() {
    try {
      ServiceEnvironment::take();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  const std::string own_pid_ = std::to_string(::getpid());
};

TEST_F(ServiceEnvironmentTest, IsEmptyWithoutAServiceManager) {
  const ServiceEnvironment environment = ServiceEnvironment::take();
  EXPECT_EQ("", environment.notify_socket);
  EXPECT_EQ(0us, environment.watchdog);
  EXPECT_TRUE(environment.descriptors.empty());
  EXPECT_EQ(3, environment.first_unwanted());
}

TEST_F(ServiceEnvironmentTest, IsTakenSoThatNobodyTakesItAgain) {
  set("NOTIFY_SOCKET", "/run/notify");
  set("WATCHDOG_USEC", "3000000");
  set("WATCHDOG_PID", own_pid_);
  set("LISTEN_PID", own_pid_);
  set("LISTEN_FDS", "0");
  set("LISTEN_FDNAMES", "");
  const ServiceEnvironment environment = ServiceEnvironment::take();
  EXPECT_EQ("/run/notify", environment.notify_socket);
  EXPECT_EQ(3s, environment.watchdog);
  for (const char* variable : variables)
    EXPECT_EQ(nullptr, std::getenv(variable)) << variable;
}

TEST_F(ServiceEnvironmentTest, TheWatchdogIsForThisProcessUnlessItSaysOtherwise) {
  set("WATCHDOG_USEC", "3000000");
  EXPECT_EQ(3s, ServiceEnvironment::take().watchdog);
  set("WATCHDOG_USEC", "3000000");
  set("WATCHDOG_PID", "1");
  EXPECT_EQ(0us, ServiceEnvironment::take().watchdog);
}

TEST_F(ServiceEnvironmentTest, AWatchdogPeriodThatIsNoneIsNone) {
  for (const std::string period : {"", "0", "-5", "soon"}) {
    set("WATCHDOG_USEC", period);
    EXPECT_EQ(0us, ServiceEnvironment::take().watchdog) << period;
  }
  set("WATCHDOG_USEC", "18446744073709551615");
  EXPECT_LE(1h, ServiceEnvironment::take().watchdog);
}

TEST_F(ServiceEnvironmentTest, DescriptorsBeginAtThreeAndHaveNames) {
  set("LISTEN_PID", own_pid_);
  set("LISTEN_FDS", "3");
  set("LISTEN_FDNAMES", "echo:admin:");
  const ServiceEnvironment environment = ServiceEnvironment::take();
  ASSERT_EQ(3U, environment.descriptors.size());
  EXPECT_EQ(3, environment.descriptors[0].number);
  EXPECT_EQ("echo", environment.descriptors[0].name);
  EXPECT_EQ(4, environment.descriptors[1].number);
  EXPECT_EQ("admin", environment.descriptors[1].name);
  EXPECT_EQ("", environment.descriptors[2].name);
  EXPECT_EQ(6, environment.first_unwanted());
}

TEST_F(ServiceEnvironmentTest, DescriptorsAreClosedOnExec) {
  const int before = ::dup(3);  // whatever this process has there
  ASSERT_EQ(3, ::dup2(STDIN_FILENO, 3));
  set("LISTEN_PID", own_pid_);
  set("LISTEN_FDS", "1");
  ServiceEnvironment::take();
  EXPECT_EQ(FD_CLOEXEC, ::fcntl(3, F_GETFD));
  if (before >= 0) {
    ::dup2(before, 3);
    ::close(before);
  } else {
    ::close(3);
  }
}

TEST_F(ServiceEnvironmentTest, DescriptorsWithoutNamesAreUnknown) {
  set("LISTEN_PID", own_pid_);
  set("LISTEN_FDS", "1");
  EXPECT_EQ("unknown", ServiceEnvironment::take().descriptors.at(0).name);
}

TEST_F(ServiceEnvironmentTest, DescriptorsOfAnotherProcessAreIgnored) {
  for (const std::string pid : {"1", "", "0", "self"}) {
    set("LISTEN_PID", pid);
    set("LISTEN_FDS", "1");
    EXPECT_TRUE(ServiceEnvironment::take().descriptors.empty()) << pid;
  }
  set("LISTEN_FDS", "1");
  EXPECT_TRUE(ServiceEnvironment::take().descriptors.empty());
}

TEST_F(ServiceEnvironmentTest, ANumberOfDescriptorsThatIsNoneIsAnError) {
  for (const std::string count : {"", "-1", "two", "99999999999"}) {
    set("LISTEN_PID", own_pid_);
    set("LISTEN_FDS", count);
    EXPECT_THAT(error(), HasSubstr("LISTEN_FDS: found '" + count + "'"));
  }
}

TEST_F(ServiceEnvironmentTest, MoreOrFewerNamesThanDescriptorsAreAnError) {
  for (const std::string names : {"one", "one:two:three", ""}) {
    set("LISTEN_PID", own_pid_);
    set("LISTEN_FDS", "2");
    set("LISTEN_FDNAMES", names);
    EXPECT_THAT(error(), HasSubstr("LISTEN_FDNAMES: found ")) << names;
  }
}

}  // namespace
}  // namespace server
