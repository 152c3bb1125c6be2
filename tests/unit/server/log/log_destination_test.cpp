#include "server/log/log_destination.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/system/errc.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_directory.hpp"
#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

namespace errc = boost::system::errc;

class LogDestinationTest : public testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { ::unsetenv("JOURNAL_STREAM"); }

  TemporaryDirectory directory_;
};

bool non_blocking(int descriptor) {
  return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0;
}

// Writes until nothing more is taken; the error then.
boost::system::error_code fill(const LogDestination& destination) {
  const std::string bytes(1000000, 'x');
  for (;;) {
    const auto result = destination.write(bytes);
    if (result.has_error()) {
      return result.error();
    }
  }
}

TEST_F(LogDestinationTest, NeverWaitsForAPipeAndLeavesItsFlagsAlone) {
  Pipe pipe;
  const auto destination = LogDestination::inherited(pipe.writer());
  EXPECT_EQ(fill(destination), errc::operation_would_block);
  EXPECT_FALSE(non_blocking(pipe.writer()));
  EXPECT_FALSE(destination.wait_writable(std::chrono::milliseconds(0)));
  pipe.read();
  EXPECT_TRUE(destination.wait_writable(std::chrono::milliseconds(0)));
  EXPECT_EQ(destination.write("again\n").value(), 6U);
  EXPECT_EQ(pipe.read(), "again\n");
}

TEST_F(LogDestinationTest, NeverWaitsForATerminalAndLeavesItsFlagsAlone) {
  int terminal = -1;
  int program = -1;
  ASSERT_EQ(::openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
  const auto destination = LogDestination::inherited(program);
  EXPECT_EQ(fill(destination), errc::operation_would_block);
  EXPECT_FALSE(non_blocking(program));
  ::close(program);
  ::close(terminal);
}

TEST_F(LogDestinationTest, NeverWaitsForASocketAndLeavesItsFlagsAlone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const auto destination = LogDestination::inherited(ends[1]);
  EXPECT_EQ(fill(destination), errc::operation_would_block);
  EXPECT_FALSE(non_blocking(ends[1]));
  ::close(ends[0]);
  EXPECT_EQ(destination.write("x").error(), errc::broken_pipe);
  ::close(ends[1]);
}

TEST_F(LogDestinationTest, NeverWaitsForAPipeThatCannotBeOpenedAgain) {
  const std::string path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  const int writer = ::open(path.c_str(), O_WRONLY);
  ASSERT_GE(writer, 0);
  ::close(reader);
  // Without a reader a pipe is not opened without waiting (ENXIO, fifo(7)).
  const auto destination = LogDestination::inherited(writer);
  EXPECT_EQ(destination.write("x").error(), errc::broken_pipe);
  reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(fill(destination), errc::operation_would_block);
  EXPECT_FALSE(non_blocking(writer));
  ::close(reader);
  ::close(writer);
}

TEST_F(LogDestinationTest, FailsToWriteToAFullDisk) {
  const int full = ::open("/dev/full", O_WRONLY);
  EXPECT_EQ(LogDestination::inherited(full).write("x").error(), errc::no_space_on_device);
  ::close(full);
}

TEST_F(LogDestinationTest, FailsToWriteToAClosedDescriptor) {
  const int closed = ::open("/dev/null", O_WRONLY);
  ::close(closed);
  EXPECT_EQ(LogDestination::inherited(closed).write("x").error(), errc::bad_file_descriptor);
}

TEST_F(LogDestinationTest, AppendsToAFile) {
  const std::string path = directory_ / "log";
  std::ofstream(path) << "old\n";
  EXPECT_EQ(LogDestination::file(path)->write("new\n").value(), 4U);
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  EXPECT_EQ(content.str(), "old\nnew\n");
}

TEST_F(LogDestinationTest, CreatesAFileThatOthersCannotRead) {
  const std::string path = directory_ / "log";
  const mode_t mask = ::umask(0);
  EXPECT_TRUE(LogDestination::file(path).has_value());
  ::umask(mask);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms{0640});
}

TEST_F(LogDestinationTest, SaysWhyAFileCannotBeOpened) {
  EXPECT_EQ(LogDestination::file(directory_ / "none/log").error(), errc::no_such_file_or_directory);
  EXPECT_EQ(LogDestination::file(directory_.path()).error(), errc::is_a_directory);
}

TEST_F(LogDestinationTest, DoesNotWaitForTheReaderOfANamedPipe) {
  const std::string path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(LogDestination::file(path).error(), errc::no_such_device_or_address);
}

TEST_F(LogDestinationTest, KnowsTheJournalByDeviceAndInode) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  struct stat status {};
  ASSERT_EQ(::fstat(ends[1], &status), 0);
  const auto destination = LogDestination::inherited(ends[1]);
  EXPECT_FALSE(destination.journal());
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
  EXPECT_TRUE(destination.journal());
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino + 1).c_str(), 1);
  EXPECT_FALSE(destination.journal());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace server
