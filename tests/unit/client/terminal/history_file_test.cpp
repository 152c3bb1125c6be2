#include "client/terminal/history_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "client/terminal/line_history.hpp"
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
  void expect_left_alone(const std::string& why) {
    const auto read = read_history(path_);
    EXPECT_TRUE(read.lines.empty());
    EXPECT_FALSE(read.usable);
    ASSERT_TRUE(read.problem);
    EXPECT_NE(read.problem->find(why), std::string::npos) << *read.problem;
    const auto added = add_to_history(path_, {"line"});
    ASSERT_TRUE(added);
    EXPECT_NE(added->find(path_.native()), std::string::npos) << *added;
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
                         "\xe2\x80\xae"};
  EXPECT_FALSE(add_to_history(path_, lines));
  EXPECT_EQ(read_history(path_).lines, lines);
  EXPECT_FALSE(add_to_history(path_, {"more"}));
  EXPECT_EQ(read_history(path_).lines.size(), lines.size() + 1);
  EXPECT_EQ(read_history(path_).lines.back(), "more");
}

TEST_F(HistoryFileTest, HasNoLinesBeforeTheFirstOne) {
  const auto read = read_history(path_);
  EXPECT_TRUE(read.usable);
  EXPECT_FALSE(read.problem);
  EXPECT_TRUE(read.lines.empty());
  std::ofstream(path_).close();  // as `> history` makes it
  EXPECT_TRUE(read_history(path_).usable);
  EXPECT_FALSE(add_to_history(path_, {"one"}));
  EXPECT_EQ(read_history(path_).lines, Strings{"one"});
}

TEST_F(HistoryFileTest, KeepsTheLastThousandLines) {
  Strings lines;
  for (int i = 0; i < remembered_lines + 5; ++i)
    lines.push_back("line " + std::to_string(i));
  EXPECT_FALSE(add_to_history(path_, lines));
  const auto read = read_history(path_).lines;
  EXPECT_EQ(read.size(), std::size_t{remembered_lines});
  EXPECT_EQ(read.front(), "line 5");
  EXPECT_EQ(read.back(), lines.back());
}

TEST_F(HistoryFileTest, FollowsALinkToAFileOfItsFormat) {
  std::filesystem::create_symlink("elsewhere", path_);
  EXPECT_FALSE(add_to_history(path_, {"one"}));
  EXPECT_FALSE(add_to_history(path_, {"two"}));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(read_history(directory_ / "elsewhere").lines, (Strings{"one", "two"}));
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
  EXPECT_FALSE(read_history("/dev/null").problem);  // a usual way to have no history
  EXPECT_FALSE(read_history("/dev/null").usable);
  if (::mknod(path_.c_str(), S_IFCHR | 0666U, makedev(1, 3)) != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  EXPECT_TRUE(add_to_history(path_, {"line"}));
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
  EXPECT_FALSE(add_to_history(path_, {"one"}));
  if (::chown(path_.c_str(), 12345, 12345) != 0) GTEST_SKIP() << "needs root";
  expect_left_alone("belongs to somebody else");
}

TEST_F(HistoryFileTest, DoesNotWaitForALockThatStays) {
  EXPECT_FALSE(add_to_history(path_, {"one"}));
  const coro::Descriptor stranger(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(stranger.number(), LOCK_EX), 0);
  EXPECT_EQ(read_history(path_).lines, Strings{"one"});
  const auto problem = add_to_history(path_, {"two"});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("another process has locked it"), std::string::npos);
  EXPECT_EQ(read_history(path_).lines, Strings{"one"});
}

// As on a full disk: the file cannot grow.
TEST_F(HistoryFileTest, LosesNoOldLineWhereThereIsNoRoomForNewOnes) {
  EXPECT_FALSE(add_to_history(path_, {"one", "two"}));
  const auto before = contents();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  for (const rlim_t size : {rlim_t{0}, rlim_t{before.size()}}) {
    const rlimit limited{size, unlimited.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
    const auto problem = add_to_history(path_, {"three", "four"});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    EXPECT_TRUE(problem);
    EXPECT_EQ(contents(), before);
  }
}

TEST_F(HistoryFileTest, ReportsThatThereIsNoDirectoryForIt) {
  path_ = directory_ / "missing" / "history";
  EXPECT_FALSE(read_history(path_).problem);
  const auto problem = add_to_history(path_, {"line"});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("No such file or directory"), std::string::npos) << *problem;
}

}  // namespace
}  // namespace client
