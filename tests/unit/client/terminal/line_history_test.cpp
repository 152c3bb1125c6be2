#include "client/terminal/line_history.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "client/terminal/wide_text.hpp"
#include "tests/temporary_directory.hpp"

namespace client {
namespace {

std::vector<std::string> lines_of(const LineHistory& history) {
  std::vector<std::string> lines;
  HistEventW event{};
  for (int found = ::history_w(history.handle(), &event, H_LAST); found == 0;
       found = ::history_w(history.handle(), &event, H_PREV)) {
    lines.push_back(narrowed(event.str));
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

TEST_F(LineHistoryFile, HasTheLinesOfAllClientsInTheOrderInWhichTheyEnded) {
  { LineHistory(path_).add("before"); }
  {
    LineHistory ends_last(path_);
    ends_last.add("typed first");
    { LineHistory(path_).add("typed second"); }
  }
  EXPECT_EQ(lines_of(LineHistory(path_)),
            (std::vector<std::string>{"before", "typed second", "typed first"}));
}

TEST_F(LineHistoryFile, LosesNothingWhenClientsEndTogether) {
  constexpr int clients = 8;
  constexpr int lines_of_each = 100;
  std::barrier all_have_typed(clients);
  {
    std::vector<std::jthread> running;
    for (int client = 0; client < clients; ++client) {
      running.emplace_back([&, client] {
        LineHistory history(path_);
        for (int line = 0; line < lines_of_each; ++line)
          history.add(fmt::format("client {} line {}", client, line));
        all_have_typed.arrive_and_wait();
      });
    }
  }
  EXPECT_EQ(lines_of(LineHistory(path_)).size(), std::size_t{clients * lines_of_each});
}

TEST_F(LineHistoryFile, IsLeftAloneWhenNothingWasTyped) {
  { const LineHistory history(path_); }
  EXPECT_FALSE(std::filesystem::exists(path_));
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
