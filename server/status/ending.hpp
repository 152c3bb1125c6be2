#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace server {

/// How a connection ended, as the log and the statistics tell it.
enum class Ending {
  closed_by_client,
  reset_by_client,
  truncated,        ///< TLS: the connection ended without close_notify
  connection_lost,  ///< the network gave up, such as without keep-alive answers; or TLS broke
  idle_timeout,
  write_timeout,
  shutdown,
  limit,
  proxy_header,      ///< none, late, malformed, or from somebody who is not trusted to send one
  handshake_failed,  ///< TLS: no agreement, or none in time
  not_allowed,       ///< by access.allow and access.deny
  fault,             ///< configured under faults:
  failed             ///< a bug or a lack of resources on this side
};

inline constexpr std::size_t ending_count = static_cast<std::size_t>(Ending::failed) + 1;

/// Calls `visit(Ending)` for each ending there is.
template <typename Visit>
void for_each_ending(Visit visit) {
  for (std::size_t index = 0; index < ending_count; ++index)
    visit(static_cast<Ending>(index));
}

/// "closed by client".
std::string_view to_string(Ending ending);

/// "closed_by_client": as a key or a label.
std::string identifier(Ending ending);

/// Whether the client was turned away before its first echo.
bool is_refusal(Ending ending);

}  // namespace server
