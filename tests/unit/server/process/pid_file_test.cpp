#include "server/process/pid_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "coro/descriptor.hpp"
#include "server/config/config_error.hpp"
#include "server/process/lock_file.hpp"
#include "tests/temporary_directory.hpp"

namespace server {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The kernel gives files the time of its last tick, which is at most so long ago.
constexpr std::chrono::milliseconds tick{20};

class PidFileTest : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory_ / ""), {}));
  }

  template <typename Error>
  std::string error() const {
    try {
      const PidFile file(path_);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "coroecho.pid";
  const std::string own_pid_ = std::to_string(::getpid()) + '\n';
};

TEST_F(PidFileTest, HasTheNumberForEverybodyToReadAndGoes) {
  {
    const PidFile file(path_);
    EXPECT_EQ(own_pid_, content());
    struct stat status {};
    ASSERT_EQ(0, ::stat(path_.c_str(), &status));
    EXPECT_EQ(0644U, status.st_mode & 0777U);
    EXPECT_EQ(1U, files());
  }
  EXPECT_EQ(0U, files());
}

TEST_F(PidFileTest, ReplacesOneThatAKilledProcessHasLeft) {
  write("4194305\n");
  const PidFile file(path_);
  EXPECT_EQ(own_pid_, content());
  EXPECT_EQ(1U, files());
}

TEST_F(PidFileTest, ReplacesAnEmptyOne) {
  write("");
  const PidFile file(path_);
  EXPECT_EQ(own_pid_, content());
}

TEST_F(PidFileTest, LeavesOneWhoseProcessLives) {
  const PidFile file(path_);
  EXPECT_EQ("pid file '" + path_ + "': process " + std::to_string(::getpid()) +
                " is running and holds it",
            error<AlreadyRunning>());
  EXPECT_EQ(own_pid_, content());
  EXPECT_EQ(1U, files());
}

TEST_F(PidFileTest, LeavesAFileThatIsNoPidFile) {
  for (const std::string text : {"precious data", "12 monkeys\n", "1\n2\n", "-1\n"}) {
    write(text);
    EXPECT_THAT(error<ConfigError>(), HasSubstr("is there already, and is no pid file"));
    EXPECT_EQ(text, content());
  }
  EXPECT_EQ(1U, files());
}

TEST_F(PidFileTest, LeavesADirectoryAndALink) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(error<ConfigError>(), HasSubstr(path_));
  std::filesystem::remove(path_);
  directory_.write("target", "1\n");
  std::filesystem::create_symlink("target", path_);
  EXPECT_THAT(error<ConfigError>(), HasSubstr(path_));
  EXPECT_EQ(2U, files());
}

TEST_F(PidFileTest, SaysWhyItCannotBeWritten) {
  try {
    const PidFile file(directory_ / "none/coroecho.pid");
    ADD_FAILURE();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("none/coroecho.pid"), HasSubstr("No such file")));
  }
}

TEST_F(PidFileTest, LeavesTheFileOfAnother) {
  {
    const PidFile file(path_);
    std::filesystem::remove(path_);
    write("1\n");
  }
  EXPECT_EQ("1\n", content());
}

TEST_F(PidFileTest, IsRemovedOnceHoweverOftenItMoves) {
  PidFile file(path_);
  {
    const PidFile moved = std::move(file);
    EXPECT_EQ(own_pid_, content());
  }
  EXPECT_EQ(0U, files());
}

// Whoever may read the file can take these.
TEST_F(PidFileTest, LocksOfStrangersDoNotMatter) {
  write("4194305\n");
  const coro::Descriptor stranger(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(0, ::flock(stranger.number(), LOCK_EX | LOCK_NB));
  struct flock lock {};
  lock.l_type = F_RDLCK;
  ASSERT_EQ(0, ::fcntl(stranger.number(), F_OFD_SETLK, &lock));
  const PidFile file(path_);
  EXPECT_EQ(own_pid_, content());

  // Nor can they have one that would outlive this process.
  const coro::Descriptor another(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_NE(0, ::fcntl(another.number(), F_OFD_SETLK, &lock));
  EXPECT_THAT(error<AlreadyRunning>(), HasSubstr("is running and holds it"));
}

TEST_F(PidFileTest, LeavesItToOneThatIsJustStarting) {
  const auto other = LockFile::take(path_);
  EXPECT_EQ("pid file '" + path_ + "': another process is just starting with it",
            error<AlreadyRunning>());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// As if by execve(2), which keeps the descriptor.
TEST_F(PidFileTest, AnotherProgramOfTheProcessAdoptsIt) {
  const PidFile old(path_);
  const int kept = ::dup(old.descriptor());
  {
    const PidFile file = PidFile::adopt(path_, coro::Descriptor(kept));
    EXPECT_EQ(kept, file.descriptor());
    EXPECT_THAT(error<AlreadyRunning>(), HasSubstr("is running and holds it"));
    file.report_upgraded();
    EXPECT_EQ(own_pid_, content());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PidFileTest, ReportsTheResultOfAnUpgradeByItsTimes) {
  const PidFile file(path_);
  const auto times = [&] {
    struct stat status {};
    ::stat(path_.c_str(), &status);
    return std::pair(status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                     status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec);
  };
  const auto before = times();
  std::this_thread::sleep_for(tick);
  file.report_not_upgraded();
  const auto refused = times();
  EXPECT_EQ(before.first, refused.first);
  EXPECT_LT(before.second, refused.second);
  std::this_thread::sleep_for(tick);
  file.report_upgraded();
  EXPECT_LT(refused.first, times().first);
  EXPECT_EQ(own_pid_, content());
}

TEST_F(PidFileTest, IsLockedForOthersToSeeThatTheProcessLives) {
  const auto is_locked = [this] {
    const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    ::close(descriptor);
    return locked;
  };
  std::optional<PidFile> file(path_);
  EXPECT_TRUE(is_locked());
  const std::string other = directory_ / "other";
  std::filesystem::create_hard_link(path_, other);
  file.reset();
  std::filesystem::rename(other, path_);
  EXPECT_FALSE(is_locked());
}

}  // namespace
}  // namespace server
