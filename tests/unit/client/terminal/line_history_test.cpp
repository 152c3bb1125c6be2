#include "client/terminal/line_history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <barrier>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "client/terminal/wide_text.hpp"
#include "coro/descriptor.hpp"
#include "tests/temporary_directory.hpp"

namespace client {
namespace {

using Strings = std::vector<std::string>;

class HistoryFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }

  std::string contents() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static Strings lines_of(const std::filesystem::path& path) {
    const auto read = read_history(path);
    EXPECT_TRUE(read);
    return read ? *read : Strings();
  }
  void expect_left_alone(const std::string& why) {
    const auto read = read_history(path_);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().text.find(why), std::string::npos) << read.error().text;
    const auto added = add_to_history(path_, {"line"});
    ASSERT_FALSE(added);
    EXPECT_NE(added.error().text.find(path_.native()), std::string::npos) << added.error().text;
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "history";
};

TEST_F(HistoryFileTest, HasEveryLineExactlyAsItWas) {
  const Strings lines = {"plain",
                         "two  words ",
                         "\ttab",
                         "gr\xc3\xbc\xc3\x9f"
                         "e",
                         "\xff\xc3(",
                         "\x01\x7f\\n\\",
                         "\xe2\x80\xae",
                         "\xc2\x85\xc2\x9f"};
  EXPECT_TRUE(add_to_history(path_, lines));
  EXPECT_EQ(lines_of(path_), lines);
  EXPECT_TRUE(add_to_history(path_, {"more"}));
  EXPECT_EQ(lines_of(path_).size(), lines.size() + 1);
  EXPECT_EQ(lines_of(path_).back(), "more");
}

TEST_F(HistoryFileTest, ReadsWhatLibeditHasWritten) {
  std::ofstream(path_, std::ios::binary)
      << "_HiStOrY_V2_\ntwo\\040\\040words\\040\n\\^Itab\n\\M-C\\M-<\\M-\\\n\\M^E\\^?\\\\\nlast";
  EXPECT_EQ(lines_of(path_),
            (Strings{"two  words ", "\ttab", "\xc3\xbc\xdc", "\x85\x7f\\", "last"}));
}

TEST_F(HistoryFileTest, TakesWhatIsNoEscapeAsItIs) {
  std::ofstream(path_, std::ios::binary) << "_HiStOrY_V2_\n\\\xb6\n\\q\\9\\400\n\\M\n\\M-\n\\^\n\\";
  EXPECT_EQ(lines_of(path_), (Strings{"\\\xb6", "\\q\\9\\400", "\\M", "\\M-", "\\^", "\\"}));
}

TEST_F(HistoryFileTest, HasNoLinesBeforeTheFirstOne) {
  const auto read = read_history(path_);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
  std::ofstream(path_).close();  // as `> history` makes it
  EXPECT_TRUE(read_history(path_));
  EXPECT_TRUE(add_to_history(path_, {"one"}));
  EXPECT_EQ(lines_of(path_), Strings{"one"});
}

TEST_F(HistoryFileTest, KeepsTheLastThousandLines) {
  Strings lines;
  for (int i = 0; i < remembered_lines + 5; ++i)
    lines.push_back("line " + std::to_string(i));
  EXPECT_TRUE(add_to_history(path_, lines));
  const auto read = lines_of(path_);
  EXPECT_EQ(read.size(), std::size_t{remembered_lines});
  EXPECT_EQ(read.front(), "line 5");
  EXPECT_EQ(read.back(), lines.back());
}

TEST_F(HistoryFileTest, FollowsALinkToAFileOfItsFormat) {
  std::filesystem::create_symlink("elsewhere", path_);
  EXPECT_TRUE(add_to_history(path_, {"one"}));
  EXPECT_TRUE(add_to_history(path_, {"two"}));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(lines_of(directory_ / "elsewhere"), (Strings{"one", "two"}));
}

TEST_F(HistoryFileTest, LeavesAFileOfAnotherFormatAlone) {
  for (const std::string other :
       {"ls\ncat\n", "_HiStOrY_V1_\nx\n", "x", "_HiStOrY_V2_ and more\n"}) {
    std::ofstream(path_) << other;
    ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
    expect_left_alone("is no history");
    EXPECT_EQ(contents(), other);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
  }
}

TEST_F(HistoryFileTest, LeavesADeviceAlone) {
  ::setenv("COROECHO_HISTFILE", "/dev/null", 1);  // a usual way to have no history
  EXPECT_FALSE(history_file());
  ::unsetenv("COROECHO_HISTFILE");
  EXPECT_FALSE(read_history("/dev/null"));
  if (::mknod(path_.c_str(), S_IFCHR | 0666U, makedev(1, 3)) != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  EXPECT_FALSE(add_to_history(path_, {"line"}));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0666U);
}

TEST_F(HistoryFileTest, WaitsForNobodyAtAFifo) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  expect_left_alone("is no regular file");
}

TEST_F(HistoryFileTest, LeavesADirectoryAlone) {
  std::filesystem::create_directory(path_);
  expect_left_alone("is no regular file");
}

TEST_F(HistoryFileTest, LeavesAFileOfSomebodyElseAlone) {
  EXPECT_TRUE(add_to_history(path_, {"one"}));
  if (::chown(path_.c_str(), 12345, 12345) != 0) GTEST_SKIP() << "needs root";
  expect_left_alone("belongs to somebody else");
}

TEST_F(HistoryFileTest, DoesNotWaitForALockThatStays) {
  EXPECT_TRUE(add_to_history(path_, {"one"}));
  const coro::Descriptor stranger(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(stranger.number(), LOCK_EX), 0);
  EXPECT_EQ(lines_of(path_), Strings{"one"});
  const auto added = add_to_history(path_, {"two"});
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().text.find("another process has locked it"), std::string::npos);
  EXPECT_EQ(lines_of(path_), Strings{"one"});
}

// As on a full disk: the file cannot grow.
TEST_F(HistoryFileTest, LosesNoOldLineWhereThereIsNoRoomForNewOnes) {
  EXPECT_TRUE(add_to_history(path_, {"one", "two"}));
  const auto before = contents();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  for (const rlim_t size : {rlim_t{0}, rlim_t{before.size()}}) {
    const rlimit limited{size, unlimited.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
    const auto added = add_to_history(path_, {"three", "four"});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    EXPECT_FALSE(added);
    EXPECT_EQ(contents(), before);
  }
}

TEST_F(HistoryFileTest, ReportsThatThereIsNoDirectoryForIt) {
  path_ = directory_ / "missing" / "history";
  EXPECT_TRUE(read_history(path_));
  const auto added = add_to_history(path_, {"line"});
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().text.find("No such file or directory"), std::string::npos);
}

// ---- what the editor offers

Strings lines_of(const LineHistory& history) {
  Strings lines;
  HistEventW event{};
  for (int found = ::history_w(history.handle(), &event, H_LAST); found == 0;
       found = ::history_w(history.handle(), &event, H_PREV)) {
    lines.push_back(narrowed(event.str));
  }
  return lines;
}

class LineHistoryFile : public testing::Test {
 protected:
  void add_and_save(const std::string& line) const {
    LineHistory history(path_);
    history.add(line);
    EXPECT_TRUE(history.save());
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "history";
};

TEST_F(LineHistoryFile, RemembersLinesFromOneRunToTheNext) {
  {
    LineHistory history(path_);
    history.add("one");
    history.add("two words");
    EXPECT_TRUE(history.save());
  }
  const LineHistory history(path_);
  EXPECT_EQ(lines_of(history), (Strings{"one", "two words"}));
}

TEST_F(LineHistoryFile, HasTheLinesOfAllClientsInTheOrderInWhichTheyEnded) {
  add_and_save("before");
  LineHistory ends_last(path_);
  ends_last.add("typed first");
  add_and_save("typed second");
  EXPECT_TRUE(ends_last.save());
  EXPECT_EQ(lines_of(LineHistory(path_)), (Strings{"before", "typed second", "typed first"}));
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
        EXPECT_TRUE(history.save());
      });
    }
  }
  EXPECT_EQ(lines_of(LineHistory(path_)).size(), std::size_t{clients * lines_of_each});
}

TEST_F(LineHistoryFile, IsLeftAloneWhenNothingWasTyped) {
  EXPECT_TRUE(LineHistory(path_).save());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LineHistoryFile, IsReadableByItsOwnerOnly) {
  add_and_save("secret");
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(LineHistoryFile, KeepsNeitherEmptyLinesNorRepetitions) {
  LineHistory history(std::nullopt);
  history.add("");
  history.add("same");
  history.add("same");
  EXPECT_EQ(lines_of(history), Strings{"same"});
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
