#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/service/process.hpp"

// The help, the manual and the shell completions agree.
namespace service {
namespace {

const std::string root = SERVICE_TESTS "/../../";

std::string read(const std::string& path) {
  std::ifstream file(root + path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The long options in a text.
std::set<std::string> options_in(const std::string& text) {
  const std::regex option("--[a-z][a-z-]+");
  std::set<std::string> options;
  for (std::sregex_iterator match(text.begin(), text.end(), option), end; match != end; ++match) {
    options.insert(match->str());
  }
  return options;
}

// The examples have commands of other programs.
std::string without_other_programs(const std::string& manual) {
  return std::regex_replace(manual, std::regex("(setpriv|systemctl) .*"), "");
}

struct Program {
  std::string path;
  std::string manual;
  std::string bash;
  std::string zsh;
};

class Documentation : public testing::TestWithParam<Program> {};

TEST_P(Documentation, NamesEveryOptionOfTheHelpEverywhere) {
  const auto& program = GetParam();
  const auto help = run({program.path, "--help"});
  ASSERT_EQ(help.exit_code, 0);
  const auto options = options_in(help.output);
  ASSERT_GT(options.size(), 5U);
  EXPECT_EQ(options_in(without_other_programs(read(program.manual))), options);
  EXPECT_EQ(options_in(read(program.bash)), options);
  EXPECT_EQ(options_in(read(program.zsh)), options);
}

INSTANTIATE_TEST_SUITE_P(Programs, Documentation,
                         testing::Values(Program{COROECHO_CLIENT, "client/coroecho-client.1.scd",
                                                 "client/completions/bash/coroecho-client",
                                                 "client/completions/zsh/_coroecho-client"},
                                         Program{COROECHO, "server/coroecho.8.scd",
                                                 "server/completions/bash/coroecho",
                                                 "server/completions/zsh/_coroecho"}));

}  // namespace
}  // namespace service
