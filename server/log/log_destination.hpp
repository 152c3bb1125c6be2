#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "coro/descriptor.hpp"

namespace server {

/// A descriptor that is written to without waiting for whoever reads it. Needs SIGPIPE and
/// SIGXFSZ ignored.
class LogDestination {
 public:
  /// Standard output or another descriptor that was inherited. O_NONBLOCK is never set on it: that
  /// flag belongs to the open file description (open(2)), so the shell that gave it to us would
  /// stop waiting too. A pipe or terminal is opened once more instead, a socket is sent to with
  /// MSG_DONTWAIT. The descriptor stays the caller's. If it is not open, every write fails.
  static LogDestination inherited(int descriptor);

  /// Opens for appending, and creates with mode 0640, less the umask.
  static boost::system::result<LogDestination> file(const std::string& path);

  /// Writes as much as is taken at once, at least one byte, or returns why nothing was:
  /// would_block, no_space_on_device, broken_pipe, ... Only a regular file makes it wait, for its
  /// disk.
  boost::system::result<std::size_t> write(std::string_view bytes) const;

  /// Waits until write() may succeed, at most `limit`. Returns whether it may.
  bool wait_writable(std::chrono::milliseconds limit) const;

  /// Whether a path names what is written to: not if the file was renamed (logrotate(8)).
  bool is(const std::string& path) const;

  /// Device and inode, by which another program sees whether it writes to the same; "" if that is
  /// not known.
  std::string identity() const;

  /// Whether this is the journal that systemd connected the service to (JOURNAL_STREAM in
  /// systemd.exec(5)).
  bool journal() const;

 private:
  enum class Method {
    write,          // never waits: a file, or a descriptor with O_NONBLOCK of its own
    send,           // a socket
    poll_and_write  // a descriptor that may wait, and that could not be opened once more
  };

  LogDestination(int descriptor, Method method) : descriptor_(descriptor), method_(method) {}

  coro::Descriptor descriptor_;
  Method method_;
};

}  // namespace server
