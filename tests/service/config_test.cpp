#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/service/exit_codes.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

// Checks a configuration and leaves.
Finished check_config(const std::string& yaml, const TemporaryDirectory& directory) {
  return run({COROECHO, "--check-config", "--config", directory.write("a.yaml", yaml)});
}

struct MistakenConfig {
  std::string name;
  std::string yaml;
  std::string message;  // after "FILE:"
};

class ConfigMistake : public testing::TestWithParam<MistakenConfig> {};

TEST_P(ConfigMistake, IsOneLineThatNamesFileLineAndKey) {
  const TemporaryDirectory directory;
  const Finished finished = check_config(GetParam().yaml, directory);
  EXPECT_EQ(config_error, finished.exit_code);
  EXPECT_EQ("", finished.output);
  EXPECT_EQ(1, std::count(finished.errors.begin(), finished.errors.end(), '\n'));
  const std::string expected = (directory / "a.yaml").string() + ":" + GetParam().message;
  EXPECT_NE(std::string::npos, finished.errors.find(expected))
      << "expected: " << expected << "\nactual: " << finished.errors;
}

TEST_P(ConfigMistake, KeepsTheServerFromStarting) {
  const TemporaryDirectory directory;
  const Finished finished =
      run({COROECHO, "--port", "0", "--config", directory.write("a.yaml", GetParam().yaml)});
  EXPECT_EQ(config_error, finished.exit_code) << finished.errors;
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ConfigMistake,
    testing::Values(MistakenConfig{"UnknownKey", "port: 0\ncolour: red\n", "2: key 'colour': "},
                    MistakenConfig{"UnknownKeyInside", "limits:\n  max_conections: 5\n",
                                   "2: key 'limits.max_conections': "},
                    MistakenConfig{"DuplicateKey", "port: 0\n\nport: 1\n", "3: key 'port': "},
                    MistakenConfig{"WrongType", "limits:\n\n  max_connections: many\n",
                                   "3: key 'limits.max_connections': "},
                    MistakenConfig{"OutOfRange", "port: 65536\n", "1: key 'port': "},
                    MistakenConfig{"Negative", "log: {payload: -1}\n", "1: key 'log.payload': "}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(ConfigFile, BrokenYamlIsToldWithItsLine) {
  const TemporaryDirectory directory;
  const Finished finished = check_config("port: 0\nhost: [127.0.0.1\n", directory);
  EXPECT_EQ(config_error, finished.exit_code);
  EXPECT_EQ(1, std::count(finished.errors.begin(), finished.errors.end(), '\n'));
  EXPECT_NE(std::string::npos, finished.errors.find("a.yaml:")) << finished.errors;
}

TEST(ConfigFile, OneThatIsNotThereIsTold) {
  const TemporaryDirectory directory;
  const std::string file = directory / "none.yaml";
  const Finished finished = run({COROECHO, "--port", "0", "--config", file});
  EXPECT_EQ(config_error, finished.exit_code);
  EXPECT_NE(std::string::npos, finished.errors.find(file)) << finished.errors;
}

TEST(CheckConfig, PrintsWhatFileAndCommandLineAmountTo) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("a.yaml", "port: 7001\nlog: {payload: 17}\n");
  const Finished finished = run({COROECHO, "--check-config", "--config", file, "--port", "7002"});
  EXPECT_EQ(0, finished.exit_code) << finished.errors;
  EXPECT_NE(std::string::npos, finished.output.find("port: 7002\n")) << finished.output;
  EXPECT_NE(std::string::npos, finished.output.find("payload: 17\n")) << finished.output;
}

TEST(CheckConfig, PrintsAConfigurationThatMeansTheSame) {
  const TemporaryDirectory directory;
  const Finished once =
      check_config("host: ['::1', 127.0.0.1]\nlimits: {idle_timeout: 90s}\n", directory);
  EXPECT_EQ(0, once.exit_code) << once.errors;
  const Finished twice = check_config(once.output, directory);
  EXPECT_EQ(0, twice.exit_code) << twice.errors;
  EXPECT_EQ(once.output, twice.output);
}

TEST(CheckConfig, TheShippedFileIsTheDefaults) {
  const std::filesystem::path repository = std::filesystem::path(SERVICE_TESTS) / "../..";
  const Finished built_in = run({COROECHO, "--check-config"});
  const Finished shipped =
      run({COROECHO, "--check-config", "--config", repository / "config/coroecho.yaml"});
  EXPECT_EQ(0, shipped.exit_code) << shipped.errors;
  EXPECT_EQ(built_in.output, shipped.output);
}

TEST(CommandLine, AnUnknownOptionIsAUsageError) {
  const Finished finished = run({COROECHO, "--colour"});
  EXPECT_EQ(usage_error, finished.exit_code);
  EXPECT_NE(std::string::npos, finished.errors.find("--colour")) << finished.errors;
}

TEST(CommandLine, APortThatIsNoneIsAUsageError) {
  EXPECT_EQ(usage_error, run({COROECHO, "--port", "65536"}).exit_code);
  EXPECT_EQ(usage_error, run({COROECHO, "--port", "http"}).exit_code);
}

TEST(CommandLine, VersionIsOneLine) {
  const Finished finished = run({COROECHO, "--version"});
  EXPECT_EQ(0, finished.exit_code);
  EXPECT_EQ(1, std::count(finished.output.begin(), finished.output.end(), '\n'));
  EXPECT_NE(std::string::npos, finished.output.find(COROECHO_VERSION)) << finished.output;
}

// The missing output must be noticed.
TEST(CommandLine, WhatCannotBePrintedIsAnError) {
  for (const std::string option : {"--version", "-V", "--help", "-h", "--check-config"}) {
    const Finished finished = run({"sh", "-c", "exec \"$0\" \"$1\" >/dev/full", COROECHO, option});
    EXPECT_EQ(1, finished.exit_code) << option;
    EXPECT_EQ("coroecho: cannot write to standard output: No space left on device\n",
              finished.errors)
        << option;
    const Finished closed = run({"sh", "-c", "exec \"$0\" \"$1\" >&-", COROECHO, option});
    EXPECT_EQ(1, closed.exit_code) << option;
    EXPECT_NE("", closed.errors) << option;
  }
}

TEST(CommandLine, APipeWhoseReaderHasGoneEndsItQuietly) {
  const std::string once_it_has_gone =
      "(trap '' PIPE; while printf . 2>/dev/null; do :; done; exec \"$0\" --help) | true; echo "
      "${PIPESTATUS[0]}";
  const Finished finished = run({"bash", "-c", once_it_has_gone, COROECHO});
  EXPECT_EQ("141\n", finished.output);
  EXPECT_EQ("", finished.errors);
}

TEST(CommandLine, HelpListsEveryOption) {
  const Finished finished = run({COROECHO, "--help"});
  EXPECT_EQ(0, finished.exit_code);
  for (const std::string option :
       {"--config", "--host", "--port", "--log-level", "--log-format", "--check-config",
        "--check-health", "--daemon", "--pidfile", "--version"}) {
    EXPECT_NE(std::string::npos, finished.output.find(option)) << option;
  }
}

TEST(Listening, AnAddressInUseIsTold) {
  const Server server;
  const std::string port = std::to_string(server.port());
  const Finished finished = run({COROECHO, "--host", "127.0.0.1", "--port", port});
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_NE(std::string::npos, (finished.output + finished.errors).find("127.0.0.1:" + port))
      << finished.output << finished.errors;
}

TEST(Listening, ANameThatDoesNotResolveIsTold) {
  const Finished finished = run({COROECHO, "--host", "no-such-host.invalid", "--port", "0"});
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_NE(std::string::npos, (finished.output + finished.errors).find("no-such-host.invalid"))
      << finished.output << finished.errors;
}

}  // namespace
}  // namespace service
