#include "server/lock_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/errc.hpp>

#include "coro/error.hpp"

namespace server {
namespace {

struct flock whole_file(short type) {
  return {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& path) : path_(path.string() + ".coroecho-lock") {
  do {
    file_ = coro::Descriptor(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file_.is_open()) {
      error_ = coro::last_error();
      return;
    }
    if (!lock_for_writing(file_.number())) {
      file_.close();
      error_ = make_error_code(boost::system::errc::operation_would_block);
      return;
    }
  } while (!is_at(path_, file_.number()));  // its owner has just removed it
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

bool is_at(const std::filesystem::path& path, int descriptor) {
  struct stat there {};
  struct stat open {};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(descriptor, &open) == 0 &&
         there.st_dev == open.st_dev && there.st_ino == open.st_ino;
}

}  // namespace server
