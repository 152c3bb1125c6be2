#include "server/config/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "server/config/config_error.hpp"
#include "server/config/environment.hpp"
#include "server/config/loader.hpp"
#include "server/config/settings.hpp"
#include "tests/temporary_directory.hpp"

namespace server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Sets variables for one test and takes them away again.
class OptionsTest : public ::testing::Test {
 protected:
  void SetUp() override { forget(); }
  void TearDown() override { forget(); }

  static void set(const char* variable, const std::string& value) {
    setenv(variable, value.c_str(), 1);
  }

  static Options parse(std::initializer_list<const char*> arguments) {
    std::vector<const char*> argv = {"coroecho"};
    argv.insert(argv.end(), arguments);
    return parse_options(static_cast<int>(argv.size()), argv.data());
  }

  // The error's text, or "accepted".
  static std::string error_of(std::initializer_list<const char*> arguments) {
    try {
      parse(arguments);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }

 private:
  static void forget() {
    unsetenv("COROECHO_CONFIG");
    Config config;
    for (const Setting& setting : settings(config)) {
      unsetenv(variable_of(setting.key).c_str());
    }
  }
};

TEST_F(OptionsTest, NothingGivenIsTheDefaults) {
  const Options options = parse({});
  EXPECT_EQ(options.config, std::nullopt);
  EXPECT_FALSE(options.check_config);
  EXPECT_EQ(options.answer, std::nullopt);
  EXPECT_EQ(effective_config(options), Config());
}

TEST_F(OptionsTest, TheCommandLineSetsValues) {
  const Config config = effective_config(parse({"--host", "::1", "--host=192.0.2.1", "--port", "7",
                                                "--log-level", "error", "--log-format=json"}));
  EXPECT_THAT(config.host, ElementsAre("::1", "192.0.2.1"));
  EXPECT_EQ(config.port, 7);
  EXPECT_EQ(config.log.level, spdlog::level::err);
  EXPECT_EQ(config.log.format, LogFormat::json);
}

TEST_F(OptionsTest, TheEnvironmentSetsValues) {
  set("COROECHO_HOST", "::1,192.0.2.1");
  set("COROECHO_PORT", "7");
  set("COROECHO_LOG_LEVEL", "error");
  set("COROECHO_LOG_FORMAT", "json");
  const Config config = effective_config(parse({}));
  EXPECT_THAT(config.host, ElementsAre("::1", "192.0.2.1"));
  EXPECT_EQ(config.port, 7);
  EXPECT_EQ(config.log.level, spdlog::level::err);
  EXPECT_EQ(config.log.format, LogFormat::json);
}

// The environment alone makes a configuration for which --check-config prints the same.
TEST_F(OptionsTest, TheEnvironmentSetsEveryKey) {
  Config other = parse_config(R"(
host: ["::1", 192.0.2.1]
port: 7
backlog: 5
reuse_port: true
unix: {path: /run/echo, mode: "0660"}
proxy_protocol: any
trusted_proxies: [10.0.0.0/8, "2001:db8::/32"]
udp: {port: 7, allow: [192.0.2.0/24, "::1/128"], rate: 50}
access: {allow: [192.0.2.0/24, "::1"], deny: [192.0.2.128/25]}
tls: {port: 8443, certificate: /etc/echo.pem, key: /etc/echo.key, client_ca: /etc/ca.pem, min_version: "1.3", handshake_timeout: 3s}
limits: {max_connections: 1, max_connections_per_ip: 2, ipv6_prefix: 48, accept_rate: 3, idle_timeout: 4s, write_timeout: 5s}
tcp: {nodelay: false, keepalive: 6s}
shutdown: {timeout: 7s, delay: 8s}
log: {level: error, format: json, file: /tmp/a b, events: [connect, receive], payload: 9, probes: false}
admin: {host: "::1", port: 10}
faults: {delay: 1ms..2ms, rate: 11, close_after: 12s, reset_probability: 0.5, loss: 0.1, duplicate: 0.2, reorder: 0.3}
)",
                              "test");
  const std::vector<Setting> given = settings(other);
  Config defaults;
  const std::vector<Setting> usual = settings(defaults);
  for (std::size_t i = 0; i < given.size(); ++i) {
    std::string joined;
    for (const Value& value : given[i].write()) {
      joined += (joined.empty() ? "" : ",") + value.text;
    }
    std::string by_default;
    for (const Value& value : usual[i].write()) {
      by_default += (by_default.empty() ? "" : ",") + value.text;
    }
    ASSERT_NE(joined, by_default) << given[i].key << " has its default: nothing is shown";
    set(variable_of(given[i].key).c_str(), joined);
  }
  EXPECT_EQ(to_yaml(effective_config(parse({}))), to_yaml(other));
}

TEST_F(OptionsTest, AVariableThatSeemsMisspeltIsAWarning) {
  set("COROECHO_PROT", "7");
  const Options options = parse({});
  unsetenv("COROECHO_PROT");
  EXPECT_THAT(options.warnings,
              ElementsAre("COROECHO_PROT: sets nothing, did you mean COROECHO_PORT"));
  EXPECT_EQ(effective_config(options), Config());
}

TEST_F(OptionsTest, TheCommandLineBeatsTheEnvironmentBeatsTheFileBeatsTheDefaults) {
  const TemporaryDirectory directory;
  set("COROECHO_CONFIG",
      directory.write("a.yaml", "port: 1\nbacklog: 5\nlog: {level: debug}\nhost: file\n"));
  set("COROECHO_PORT", "2");
  set("COROECHO_LOG_LEVEL", "error");
  const Config config = effective_config(parse({"--port", "3"}));
  EXPECT_EQ(config.port, 3);
  EXPECT_EQ(config.log.level, spdlog::level::err);
  EXPECT_THAT(config.host, ElementsAre("file"));
  EXPECT_EQ(config.backlog, 5);
  EXPECT_EQ(config.limits, LimitsConfig());
}

TEST_F(OptionsTest, TheCommandLineNamesAnotherFileThanTheEnvironment) {
  set("COROECHO_CONFIG", "/none");
  EXPECT_EQ(parse({"--config", "/other"}).config, "/other");
}

TEST_F(OptionsTest, AnEmptyVariableCountsAsNotSet) {
  set("COROECHO_PORT", "");
  set("COROECHO_CONFIG", "");
  EXPECT_EQ(effective_config(parse({})), Config());
}

TEST_F(OptionsTest, AWrongValueNamesItsOptionOrVariable) {
  EXPECT_EQ(error_of({"--port", "abc"}),
            "--port: found \"abc\", expected a whole number from 0 to 65535");
  EXPECT_THAT(error_of({"--host", "a", "--host", "b c"}),
              StartsWith("--host: found \"b c\", expected a host name"));
  EXPECT_THAT(error_of({"--log-level", "loud"}),
              StartsWith("--log-level: found \"loud\", expected one of trace"));
  set("COROECHO_PORT", "70000");
  EXPECT_EQ(error_of({}),
            "COROECHO_PORT: found \"70000\", expected a whole number from 0 to 65535");
  unsetenv("COROECHO_PORT");
  set("COROECHO_LIMITS_IDLE_TIMEOUT", "soon");
  EXPECT_THAT(error_of({}), StartsWith("COROECHO_LIMITS_IDLE_TIMEOUT: found \"soon\", expected "));
  unsetenv("COROECHO_LIMITS_IDLE_TIMEOUT");
  set("COROECHO_HOST", "a,,b");
  EXPECT_THAT(error_of({"--port", "1"}),
              StartsWith("COROECHO_HOST: found \"\", expected a host name"));
}

TEST_F(OptionsTest, AnEmptyValueIsNone) {
  EXPECT_EQ(error_of({"--config", ""}), "--config: the value is empty");
  EXPECT_EQ(error_of({"--pidfile", ""}), "--pidfile: the value is empty");
  EXPECT_EQ(error_of({"--check-upgrade", ""}), "--check-upgrade: the value is empty");
  for (const char* option : {"--host", "--port", "--log-level", "--log-format"}) {
    EXPECT_THAT(error_of({option, ""}),
                StartsWith(std::string(option) + ": found \"\", expected "));
  }
  for (const char* option : {"--config=", "--pidfile=", "--check-upgrade=", "--host=", "--port=",
                             "--log-level=", "--log-format="}) {
    EXPECT_THAT(error_of({option}), HasSubstr("required")) << option;
  }
  EXPECT_EQ(error_of({""}), "The following argument was not expected: ''");
}

TEST_F(OptionsTest, AVariableThatTheCommandLineBeatsIsNotLookedAt) {
  set("COROECHO_PORT", "abc");
  EXPECT_EQ(effective_config(parse({"--port", "3"})).port, 3);
}

TEST_F(OptionsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(error_of({"--prot", "1"}), HasSubstr("--prot"));
  EXPECT_THAT(error_of({"8888"}), HasSubstr("8888"));
  EXPECT_THAT(error_of({"--host", "a", "b"}), HasSubstr("b"));
  EXPECT_THAT(error_of({"--port"}), StartsWith("--port: "));
  EXPECT_THAT(error_of({"--port", "1", "--port", "2"}), StartsWith("--port: "));
  EXPECT_THAT(error_of({"--check-config=maybe"}), HasSubstr("check-config"));
}

TEST_F(OptionsTest, AnErrorIsOneLine) {
  EXPECT_THAT(error_of({"--port", "a\nb\x1B"}),
              AllOf(HasSubstr("a\\nb\\x1b"), Not(HasSubstr("\n"))));
  EXPECT_THAT(error_of({"--a\nb"}), Not(HasSubstr("\n")));
  EXPECT_THAT(error_of({"a\nb"}), Not(HasSubstr("\n")));
}

TEST_F(OptionsTest, HelpListsOptionsVariablesSignalsAndExitCodes) {
  const Options options = parse({"--help"});
  ASSERT_TRUE(options.answer);
  for (const char* word : {"--config",
                           "--host",
                           "--port",
                           "--log-level",
                           "--log-format",
                           "--check-config",
                           "--daemon",
                           "--pidfile",
                           "--check-upgrade",
                           "--upgrade",
                           "--version",
                           "COROECHO_CONFIG",
                           "COROECHO_LIMITS_IDLE_TIMEOUT",
                           "SIGTERM",
                           "SIGINT",
                           "SIGHUP",
                           "SIGUSR1",
                           "SIGUSR2",
                           "SIGRTMIN",
                           " 0 ",
                           " 1 ",
                           " 64 ",
                           " 69 ",
                           " 70 ",
                           " 78 "}) {
    EXPECT_THAT(*options.answer, HasSubstr(word));
  }
  EXPECT_EQ(options.answer->back(), '\n');
}

TEST_F(OptionsTest, VersionIsTheProgramAndItsNumber) {
  EXPECT_THAT(parse({"--version"}).answer.value(),
              ::testing::MatchesRegex("coroecho [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(OptionsTest, CheckConfigIsAskedFor) {
  EXPECT_TRUE(parse({"--check-config"}).check_config);
}

TEST_F(OptionsTest, CheckUpgradeIsAskedForWithAVersion) {
  EXPECT_EQ(std::nullopt, parse({}).check_upgrade);
  EXPECT_EQ(7, parse({"--port", "7", "--check-upgrade", "7"}).check_upgrade);
  EXPECT_THAT(error_of({"--check-upgrade"}), HasSubstr("--check-upgrade"));
  EXPECT_THAT(error_of({"--check-upgrade", "new"}), HasSubstr("--check-upgrade"));
}

TEST_F(OptionsTest, UpgradeNeedsAPidFile) {
  EXPECT_FALSE(parse({"--pidfile", "a.pid"}).upgrade);
  EXPECT_TRUE(parse({"--upgrade", "--pidfile", "a.pid"}).upgrade);
  EXPECT_THAT(error_of({"--upgrade"}), AllOf(HasSubstr("--upgrade"), HasSubstr("--pidfile")));
}

TEST_F(OptionsTest, WithoutDaemonPathsStayAsTheyAreGiven) {
  const Options options = parse({"--pidfile", "a.pid", "--config", "a.yaml"});
  EXPECT_FALSE(options.daemon);
  EXPECT_EQ(options.pidfile, "a.pid");
  EXPECT_EQ(options.config, "a.yaml");
}

TEST_F(OptionsTest, ADaemonsPathsAreAbsolute) {
  const TemporaryDirectory directory;
  const std::string path =
      directory.write("a.yaml",
                      "{unix: echo.sock, log: {file: echo.log}, "
                      "tls: {certificate: tls/c.pem, key: k.pem, client_ca: ca.pem}}");
  const std::filesystem::path here = std::filesystem::current_path();
  const Options options = parse({"--daemon", "--pidfile", "a.pid", "--config", path.c_str()});
  EXPECT_TRUE(options.daemon);
  EXPECT_EQ(options.pidfile, here / "a.pid");
  EXPECT_EQ(options.config, path);
  EXPECT_EQ(parse({"--daemon", "--config", "a.yaml"}).config, here / "a.yaml");
  const Config config = effective_config(options);
  EXPECT_EQ(config.log.file, here / "echo.log");
  EXPECT_EQ(config.unix_socket.path, here / "echo.sock");
  EXPECT_EQ(config.tls.certificate, here / "tls/c.pem");
  EXPECT_EQ(config.tls.key, here / "k.pem");
  EXPECT_EQ(config.tls.client_ca, here / "ca.pem");
}

TEST_F(OptionsTest, ADaemonsAbsentPathsStayAbsent) {
  const Config config = effective_config(parse({"--daemon"}));
  EXPECT_EQ(config, Config());
}

TEST_F(OptionsTest, AValueRemembersWhereItWasSet) {
  set("COROECHO_HOST", "a");
  const Config config = effective_config(parse({"--port", "7"}));
  EXPECT_EQ(config.origins.where("port"), "--port");
  EXPECT_EQ(config.origins.where("host"), "COROECHO_HOST");
  EXPECT_EQ(config.origins.where("log.level"), "key 'log.level'");
}

TEST_F(OptionsTest, AnErrorInTheFileIsAConfigError) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("a.yaml", "prot: 1\n");
  EXPECT_THROW(effective_config(parse({"--config", path.c_str()})), ConfigError);
}

}  // namespace
}  // namespace server
