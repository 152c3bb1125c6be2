#pragma once

#include <cstdint>
#include <string>

namespace server {

/// The lines that another program must write, so that each line reaches the destination once and
/// whole.
struct LogState {
  std::string lines = {};        ///< not taken by the destination yet, or not wholly
  std::uint64_t begun = 0;       ///< bytes of the first one that it has taken
  std::string destination = {};  ///< LogDestination::identity()
  std::uint64_t unreported = 0;  ///< dropped lines that no line has reported yet
  std::uint64_t dropped = 0;     ///< in all, since the start
};

}  // namespace server
