#include "server/accept/socket_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <utility>

#include "coro/error.hpp"

namespace server {

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  coro::checked(::lstat(path_.c_str(), &status), "lstat");
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

SocketFile::~SocketFile() {
  remove();
}

void SocketFile::remove() {
  if (!path_.empty() && is_in_place()) ::unlink(path_.c_str());
  path_.clear();
}

bool SocketFile::is_in_place() const {
  if (path_.empty()) return true;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return errno != ENOENT && errno != ENOTDIR;
  return status.st_dev == device_ && status.st_ino == inode_;
}

boost::system::error_code SocketFile::set_mode(mode_t mode) const {
  if (path_.empty() || !is_in_place() || ::chmod(path_.c_str(), mode) == 0) return {};
  return coro::last_error();
}

bool SocketFile::remove_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;

  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket probe(context);
  boost::system::error_code error;
  probe.open({}, error);
  probe.non_blocking(true, error);  // a listener whose backlog is full is alive
  probe.connect(path, error);
  return error == boost::asio::error::connection_refused && ::unlink(path.c_str()) == 0;
}

}  // namespace server
