#pragma once

#include <boost/system/result.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "coro/descriptor.hpp"

namespace server {

/// The right to put a file at a path, which one process at a time has: a file beside it that only
/// this user and root can open, and so lock. It should be held briefly. The destructor removes the
/// file.
class LockFile {
 public:
  /// For the file that is to be at `path`. Fails with operation_would_block if another process
  /// holds the lock.
  static boost::system::result<LockFile> take(const std::filesystem::path& path);
  ~LockFile();
  LockFile(LockFile&&) = default;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  LockFile& operator=(LockFile&&) = delete;

 private:
  LockFile(std::string path, coro::Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  coro::Descriptor file_;
};

/// Takes the lock for writing of fcntl(2) on the whole file, which belongs to the open file
/// (F_OFD_SETLK). Returns false, with errno, if it cannot be had. Unlike flock(2)'s it needs the
/// permission to write to the file.
bool lock_for_writing(int descriptor);

/// Whether another open file has that lock. Other locks, which strangers can have, do not count.
bool is_locked_for_writing(int descriptor);

/// Whether the path leads to the open file, and over no link. It takes no memory, for destructors.
boost::system::result<bool> is_at(const char* path, int descriptor);

}  // namespace server
