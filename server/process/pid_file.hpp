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
/// as long as this object exists, which is how others see that its process lives; then removed.
/// What decides is a lock that no stranger can take (lock_for_writing()); scripts can ask for
/// flock(2)'s. Whoever reads the file reads a whole number or finds no file.
class PidFile {
 public:
  /// None.
  PidFile() = default;
  /// Replaces a file that is not locked, which a process that was killed has left. Throws
  /// AlreadyRunning if it is locked, or another process is just writing its own, ConfigError if it
  /// cannot be written or is no pid file.
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
