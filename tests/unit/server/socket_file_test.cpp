#include "server/socket_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

namespace {

using boost::asio::local::stream_protocol;
using server::SocketFile;

class SocketFileTest : public testing::Test {
 protected:
  SocketFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "coroecho.XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ / "echo.sock";
  }
  ~SocketFileTest() override { std::filesystem::remove_all(directory_); }

  void listen() { acceptor_.emplace(context_, stream_protocol::endpoint(path_.string())); }

  boost::asio::io_context context_;
  std::filesystem::path directory_;
  std::filesystem::path path_;
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
