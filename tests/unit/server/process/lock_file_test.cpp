#include "server/process/lock_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/system/errc.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/temporary_directory.hpp"

namespace server {
namespace {

class LockFileTest : public testing::Test {
 protected:
  bool directory_is_empty() const { return std::filesystem::is_empty(directory_ / ""); }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "echo.sock";
};

TEST_F(LockFileTest, IsHeldByOneAtATimeAndLeavesNoFile) {
  {
    const auto first = LockFile::take(path_);
    EXPECT_TRUE(first.has_value());
    EXPECT_EQ(boost::system::errc::operation_would_block, LockFile::take(path_).error());
    EXPECT_EQ(boost::system::errc::operation_would_block, LockFile::take(path_).error());
    EXPECT_TRUE(LockFile::take(directory_ / "other").has_value());
  }
  EXPECT_TRUE(LockFile::take(path_).has_value());
  EXPECT_TRUE(directory_is_empty());
}

TEST_F(LockFileTest, NobodyElseCanOpenIt) {
  const auto lock = LockFile::take(path_);
  struct stat status {};
  ASSERT_EQ(0, ::stat((path_ + ".coroecho-lock").c_str(), &status));
  EXPECT_EQ(0600U, status.st_mode & 0777U);
}

TEST_F(LockFileTest, TakesOverTheOneOfAProcessThatWasKilled) {
  directory_.write("echo.sock.coroecho-lock", "");
  EXPECT_TRUE(LockFile::take(path_).has_value());
  EXPECT_TRUE(directory_is_empty());
}

TEST_F(LockFileTest, ReportsWhyItCannotBe) {
  EXPECT_EQ(boost::system::errc::no_such_file_or_directory,
            LockFile::take(directory_ / "none/echo.sock").error());
  std::filesystem::create_symlink("elsewhere", path_ + ".coroecho-lock");
  EXPECT_EQ(boost::system::errc::too_many_symbolic_link_levels, LockFile::take(path_).error());
}

}  // namespace
}  // namespace server
