#pragma once

#include <string_view>

namespace server {

/// Coroutines that serve one client each: an exception there is the end of that client alone. After
/// one in any other coroutine the service stops (Server::fail).
inline constexpr const char* session_coroutine = "session";
inline constexpr const char* admin_connection = "admin connection";

constexpr bool serves_one_client(std::string_view coroutine) {
  return coroutine == session_coroutine || coroutine == admin_connection;
}

}  // namespace server
