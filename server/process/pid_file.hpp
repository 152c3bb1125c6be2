#pragma once

#include <sys/types.h>

#include <filesystem>
#include <stdexcept>

#include "coro/descriptor.hpp"

namespace server {

/// Another process holds the pid file. what() is one line.
class AlreadyRunning : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file with this process's number and a newline, for init systems and scripts. It is locked for
/// as long as this object exists, by which others see that its process lives; then removed. The
/// lock is one that no stranger can take (lock_for_writing()); for scripts flock(2)'s is taken,
/// too. A reader of the file finds the whole number or no file.
class PidFile {
 public:
  /// None.
  PidFile() = default;
  /// Replaces a file without a lock, which a process that was killed has left. Throws
  /// AlreadyRunning if it is locked or another process is just writing its own, and ConfigError if
  /// it cannot be written or is no pid file.
  explicit PidFile(std::filesystem::path path);
  ~PidFile();
  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  std::filesystem::path path_;
  coro::Descriptor file_;
};

}  // namespace server
