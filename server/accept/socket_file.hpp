#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <string>

namespace server {

/// The file of a Unix socket that this process has bound; removed with this object, unless another
/// process has put its own there meanwhile.
class SocketFile {
 public:
  /// Of no socket: removes nothing.
  SocketFile() = default;
  /// The file must exist. Throws boost::system::system_error if it does not.
  explicit SocketFile(std::string path);
  ~SocketFile();
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  /// Removes it before its time. The socket should still be open: once that is closed, another file
  /// can get the inode's number, and be taken for it.
  void remove();

  /// Whether the file is still there, for all that can be seen; so is none.
  bool is_in_place() const;

  /// Changes its permissions, if it is still there.
  boost::system::error_code set_mode(mode_t mode) const;

  /// Removes the file if nobody listens there any more; whether it did.
  static bool remove_stale(const std::string& path);

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace server
