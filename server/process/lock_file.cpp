#include "server/process/lock_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "coro/error.hpp"

namespace server {
namespace {

struct flock whole_file(short type) {
  return {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& path) : path_(path.string() + ".coroecho-lock") {
  while (!error_) {
    file_ = coro::Descriptor(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file_.is_open() || !lock_for_writing(file_.number())) {
      error_ = coro::last_error();
    } else if (const auto there = is_at(path_, file_.number()); there && *there) {
      return;
    } else if (!there) {
      error_ = there.error();
    }  // otherwise its owner has just removed it
  }
  file_.close();
}

LockFile::~LockFile() {
  if (file_.is_open()) ::unlink(path_.c_str());
}

bool lock_for_writing(int descriptor) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

// A lock for reading would be in conflict with nothing but one for writing.
bool is_locked_for_writing(int descriptor) {
  struct flock lock = whole_file(F_RDLCK);
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

boost::system::result<bool> is_at(const std::filesystem::path& path, int descriptor) {
  struct stat there {};
  struct stat open {};
  if (::fstat(descriptor, &open) != 0) return {boost::system::in_place_error, coro::last_error()};
  if (::lstat(path.c_str(), &there) == 0)
    return there.st_dev == open.st_dev && there.st_ino == open.st_ino;
  if (errno == ENOENT) return false;
  return {boost::system::in_place_error, coro::last_error()};
}

}  // namespace server
