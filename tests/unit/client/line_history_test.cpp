#include "client/line_history.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/temporary_directory.hpp"

namespace client {
namespace {

std::vector<std::string> lines_of(const LineHistory& history) {
  std::vector<std::string> lines;
  HistEvent event{};
  for (int found = ::history(history.handle(), &event, H_LAST); found == 0;
       found = ::history(history.handle(), &event, H_PREV)) {
    lines.emplace_back(event.str);
  }
  return lines;
}

class LineHistoryFile : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "history";
};

TEST_F(LineHistoryFile, RemembersLinesFromOneRunToTheNext) {
  {
    LineHistory history(path_);
    history.add("one");
    history.add("two words");
  }
  const LineHistory history(path_);
  EXPECT_EQ(lines_of(history), (std::vector<std::string>{"one", "two words"}));
}

TEST_F(LineHistoryFile, IsReadableByItsOwnerOnly) {
  { LineHistory(path_).add("secret"); }
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(LineHistoryFile, KeepsNeitherEmptyLinesNorRepetitions) {
  LineHistory history(std::nullopt);
  history.add("");
  history.add("same");
  history.add("same");
  EXPECT_EQ(lines_of(history), std::vector<std::string>{"same"});
}

TEST(HistoryFile, IsTheOneNamedByTheEnvironment) {
  ::setenv("COROECHO_HISTFILE", "/some/where", 1);
  EXPECT_EQ(history_file(), "/some/where");
  ::setenv("COROECHO_HISTFILE", "", 1);
  EXPECT_FALSE(history_file());
  ::unsetenv("COROECHO_HISTFILE");
  ::setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(history_file(), "/home/somebody/.coroecho_history");
}

}  // namespace
}  // namespace client
