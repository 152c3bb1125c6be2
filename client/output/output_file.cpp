#include "client/output/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "coro/error.hpp"

namespace client {
namespace {

constexpr int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
constexpr mode_t permissions = 0666;  // less the umask

// O_EXCL follows no link, but a link may lead to a file that is not there yet.
std::string end_of_links(std::filesystem::path path) {
  std::error_code failed;
  while (std::filesystem::is_symlink(path, failed))
    path = path.parent_path() / std::filesystem::read_symlink(path, failed);
  return path;
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {}

OutputFile::~OutputFile() {
  if (is_new_) ::unlink(path_.c_str());
}

// A pipe that nobody reads is an error, not a reason to wait.
coro::error_code OutputFile::open() {
  file_ = coro::Descriptor(::open(path_.c_str(), flags | O_NONBLOCK));
  if (!file_.is_open() && errno == ENOENT) {
    path_ = end_of_links(path_);
    file_ = coro::Descriptor(::open(path_.c_str(), flags | O_CREAT | O_EXCL, permissions));
    is_new_ = file_.is_open();
  }
  if (!file_.is_open()) return coro::last_error();
  ::fcntl(file_.number(), F_SETFL, 0);
  return {};
}

coro::error_code OutputFile::write(std::string_view text) {
  const bool is_kept = ::ftruncate(file_.number(), 0) != 0 && errno != EINVAL;
  if (is_kept) return coro::last_error();
  while (!text.empty()) {
    const ssize_t size = ::write(file_.number(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return coro::last_error();
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  is_new_ = false;
  return {};
}

}  // namespace client
