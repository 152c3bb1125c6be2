#include "server/accept/socket_file.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <utility>

#include "coro/error.hpp"
#include "server/process/lock_file.hpp"

namespace server {

SocketFile::SocketFile(std::string path)
    : path_(std::move(path)),
      file_(coro::checked(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "open")) {}

SocketFile::SocketFile(std::string path, coro::Descriptor file, mode_t mode)
    : path_(std::move(path)), file_(std::move(file)), mode_(mode) {
  ::fcntl(file_.number(), F_SETFD, FD_CLOEXEC);
}

void SocketFile::remove() {
  if (file_.is_open() && is_in_place()) ::unlink(path_.c_str());
  file_.close();
}

bool SocketFile::is_in_place() const {
  if (!file_.is_open()) return true;
  const auto in_place = is_at(path_.c_str(), file_.number());
  return !in_place || *in_place;
}

boost::system::error_code SocketFile::set_mode(mode_t mode) {
  if (mode_ == mode || !file_.is_open() || !is_in_place()) return {};
  if (::chmod(path_.c_str(), mode) != 0) return coro::last_error();
  mode_ = mode;
  return {};
}

bool SocketFile::remove_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  // Without blocking: a listener whose backlog is full is alive.
  const coro::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const boost::asio::local::stream_protocol::endpoint address(path);
  return ::connect(probe.number(), address.data(), static_cast<socklen_t>(address.size())) != 0 &&
         errno == ECONNREFUSED && ::unlink(path.c_str()) == 0;
}

}  // namespace server
