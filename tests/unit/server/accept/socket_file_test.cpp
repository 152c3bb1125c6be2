#include "server/accept/socket_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/temporary_directory.hpp"

namespace {

using boost::asio::local::stream_protocol;
using server::SocketFile;

class SocketFileTest : public testing::Test {
 protected:
  void listen() { acceptor_.emplace(context_, stream_protocol::endpoint(path_.string())); }

  boost::asio::io_context context_;
  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "echo.sock";
  std::optional<stream_protocol::acceptor> acceptor_;
};

TEST_F(SocketFileTest, RemovesItsFile) {
  listen();
  { const SocketFile file(path_.string()); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, LeavesAFileThatAnotherHasPutThere) {
  listen();
  {
    const SocketFile file(path_.string());
    std::filesystem::remove(path_);
    std::ofstream(path_) << "another's";
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, RemovesOnceHoweverOftenItMoves) {
  listen();
  SocketFile file(path_.string());
  { const SocketFile moved = std::move(file); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, OfAnotherProgramIsRemovedAsItsOwn) {
  listen();
  SocketFile file(path_.string());
  EXPECT_FALSE(file.set_mode(0600));
  { const SocketFile other(file.path(), coro::Descriptor(::dup(file.descriptor())), file.mode()); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, OfAnotherProgramThatHasBeenReplacedIsLeftAlone) {
  listen();
  const SocketFile file(path_.string());
  std::filesystem::remove(path_);
  std::ofstream(path_) << "another's";
  { const SocketFile other(file.path(), coro::Descriptor(::dup(file.descriptor())), 0600); }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, IsRemovedBeforeItsTimeOnce) {
  listen();
  {
    SocketFile file(path_.string());
    file.remove();
    EXPECT_FALSE(std::filesystem::exists(path_));
    std::ofstream(path_) << "another's";
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, RemovesAStaleSocket) {
  listen();
  acceptor_.reset();
  ASSERT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(SocketFile::remove_stale(path_.string()));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, LeavesASocketThatSomebodyListensOn) {
  listen();
  EXPECT_FALSE(SocketFile::remove_stale(path_.string()));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, LeavesAFileThatIsNoSocket) {
  std::ofstream(path_) << "precious";
  EXPECT_FALSE(SocketFile::remove_stale(path_.string()));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
