#pragma once

#include <cstddef>
#include <string_view>

namespace server {

/// How a connection ended, as the log and the statistics tell it.
enum class Ending {
  closed_by_client,
  reset_by_client,
  connection_lost,  ///< the network gave up: unreachable, or no answer to keep-alive probes
  idle_timeout,
  write_timeout,
  shutdown,
  limit,
  proxy_header,  ///< none, late, malformed, or from somebody who is not trusted to send one
  fault,         ///< configured under faults:
  failed         ///< a bug or a lack of resources on this side
};

inline constexpr std::size_t ending_count = static_cast<std::size_t>(Ending::failed) + 1;

std::string_view to_string(Ending ending);

}  // namespace server
