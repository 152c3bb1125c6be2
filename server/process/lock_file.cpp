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

boost::system::result<LockFile> LockFile::take(const std::filesystem::path& path) {
  const std::string name = path.string() + ".coroecho-lock";
  for (;;) {
    coro::Descriptor file(
        ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file.is_open() || !lock_for_writing(file.number())) return coro::last_error();
    const auto in_place = is_at(name.c_str(), file.number());
    if (!in_place) return in_place.error();
    if (*in_place) return LockFile(name, std::move(file));
    // Otherwise its owner has just removed it.
  }
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

boost::system::result<bool> is_at(const char* path, int descriptor) {
  struct stat there {};
  struct stat open {};
  if (::fstat(descriptor, &open) != 0) return {boost::system::in_place_error, coro::last_error()};
  if (::lstat(path, &there) == 0) return there.st_dev == open.st_dev && there.st_ino == open.st_ino;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return {boost::system::in_place_error, coro::last_error()};
}

}  // namespace server
