#pragma once

#include <cstddef>

namespace server {

/// Descriptors that clients leave to the service itself: to the admin endpoint, the log, a reload
/// and an upgrade. A new descriptor has the lowest number that is free (open(2)), so clients get
/// none of the highest ones below the limit (RLIMIT_NOFILE).
class DescriptorReserve {
 public:
  /// Descriptors: admin connections, of which 32 are open at a time, and those of a reload. At most
  /// a quarter of the limit.
  static constexpr std::size_t most = 64;

  /// Whether a client may be accepted. Only if the last one came near the reserve, it asks the
  /// system, by a duplicate of `descriptor`.
  bool leaves_room(int descriptor);

  /// A client has got this descriptor; -1 if there was none left.
  void count(int descriptor);

 private:
  int begin_ = 0;  // by the limit when it was last asked for
  bool is_reached_ = false;
};

}  // namespace server
