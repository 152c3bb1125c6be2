#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/process.hpp"

// The help, the manual and the shell completions agree.
namespace service {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(repository + path);
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

// `-c, --count N` of each option in the help, without its text.
std::vector<std::string> entries_of_help(const std::string& help) {
  const std::regex entry("  ((-[A-Za-z0-9],)?-[A-Za-z0-9-]+( [A-Z%,]+)?)( .*|$)");
  std::vector<std::string> entries;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, entry))
      entries.push_back(std::regex_replace(match[1].str(), std::regex(",-"), ", -"));
  }
  return entries;
}

// An entry of the manual may have several options: `-4, -6`.
TEST_P(Documentation, DescribesEachOptionWithItsLetterAndItsValueInTheManual) {
  const auto& program = GetParam();
  const auto entries = entries_of_help(run({program.path, "--help"}).output);
  ASSERT_GT(entries.size(), 10U);
  std::string described = "\n";
  std::istringstream lines(read(program.manual));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("*-"))
      described += std::regex_replace(line, std::regex("[*_]"), "") + "\n";
  for (const auto& entry : entries) {
    const auto place = described.find(entry);
    ASSERT_NE(place, std::string::npos) << entry << " in" << described;
    EXPECT_TRUE(std::strchr("\n, ", described[place + entry.size()])) << entry;
    EXPECT_TRUE(std::strchr("\n ", described[place - 1])) << entry;
  }
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
