#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "coro/descriptor.hpp"

namespace server {

/// Another process holds the pid file. what() is one line.
class AlreadyRunning : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The number of a process in an open pid file, "" if it is empty; none if it is no pid file.
std::optional<std::string> number_in(int descriptor);

/// A file with this process's number and a newline, for init systems and scripts. It is locked for
/// as long as this object exists, by which others see that its process lives; then removed. The
/// lock is one that no stranger can take (lock_for_writing()); for scripts flock(2)'s is taken,
/// too. A reader of the file finds the whole number or no file.
class PidFile {
 public:
  /// Replaces a file without a lock, which a process that was killed has left. Throws
  /// AlreadyRunning if it is locked or another process is just writing its own, and ConfigError if
  /// it cannot be written or is no pid file.
  explicit PidFile(std::filesystem::path path);
  /// The one at `path` of the program that this process ran before; `file` holds its lock.
  static PidFile adopt(std::filesystem::path path, coro::Descriptor file);
  ~PidFile();
  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  /// The descriptor that holds the lock.
  int descriptor() const { return file_.number(); }

  /// Report the result of an upgrade to request_upgrade() (upgrade_request.hpp) by the times of the
  /// file: the number is written once more, so its modification time changes, or only its status
  /// does.
  void report_upgraded() const;
  void report_not_upgraded() const;

 private:
  PidFile(std::filesystem::path path, coro::Descriptor file);

  std::filesystem::path path_;
  coro::Descriptor file_;
};

}  // namespace server
