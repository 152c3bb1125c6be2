#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <filesystem>
#include <string>

#include "coro/descriptor.hpp"

namespace server {

/// The right to put a file at a path, which one process at a time has: a file beside it that nobody
/// but this user and root can open, and so lock. Held while the object exists, and never for long;
/// the file is removed with it.
class LockFile {
 public:
  /// For what is to be at `path`.
  explicit LockFile(const std::filesystem::path& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  LockFile(LockFile&&) = delete;
  LockFile& operator=(LockFile&&) = delete;

  /// None if it is held; operation_would_block if another process holds it.
  boost::system::error_code error() const { return error_; }

 private:
  std::string path_;
  coro::Descriptor file_;
  boost::system::error_code error_;
};

/// Takes the lock for writing of fcntl(2) on the whole file, which belongs to the open file
/// (F_OFD_SETLK); false if another one has one. Who may not write to the file cannot have it,
/// unlike that of flock(2).
bool lock_for_writing(int descriptor);

/// Whether another open file has that lock. Other locks, which strangers can have, do not count.
bool is_locked_for_writing(int descriptor);

/// Whether the path leads to the open file, and over no link; or why that cannot be seen.
boost::system::result<bool> is_at(const std::filesystem::path& path, int descriptor);

}  // namespace server
