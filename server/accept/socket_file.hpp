#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>

#include "coro/descriptor.hpp"

namespace server {

/// The file of a Unix socket that this process has bound; the destructor removes it, unless another
/// process has put its own there meanwhile.
class SocketFile {
 public:
  /// Of no socket: removes nothing.
  SocketFile() = default;
  /// The file must exist. Throws boost::system::system_error if it does not.
  explicit SocketFile(std::string path);
  /// Of a socket that another program has bound, which has opened the file as this class does and
  /// has set its permissions to `mode`.
  SocketFile(std::string path, coro::Descriptor file, mode_t mode);
  ~SocketFile() { remove(); }
  SocketFile(SocketFile&& other) noexcept = default;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  SocketFile& operator=(SocketFile&&) = delete;

  /// Removes it earlier.
  void remove();

  /// Whether the file is still there, as far as that can be seen; true for no socket.
  bool is_in_place() const;

  /// Changes its permissions if it is still there, unless they were last set to this mode.
  boost::system::error_code set_mode(mode_t mode);

  const std::string& path() const { return path_; }
  /// Of the file, which is open as a path; negative for no socket.
  int descriptor() const { return file_.number(); }
  /// To which the permissions were last set; 0 if they were not.
  mode_t mode() const { return mode_.value_or(0); }

  /// Removes the file if nobody listens there any more. Returns whether it did.
  static bool remove_stale(const std::string& path);

 private:
  std::string path_;
  // Opened as a path (O_PATH): as long as it is open, no other file gets the number of the inode.
  coro::Descriptor file_;
  std::optional<mode_t> mode_;  // not read from the file, which an administrator may change
};

}  // namespace server
