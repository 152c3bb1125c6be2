#pragma once

#include "coro/io.hpp"

namespace server {

/// Whether an error of accept(2) is about the one connection that was to be accepted, so that the
/// next may succeed at once. All others are about the system, or the listening socket.
bool concerns_one_connection(coro::error_code error);

/// Whether a listening socket will never accept anything again: a process that shares it has shut
/// it down (shutdown(2)), or an administrator has (`ss -K`).
bool is_shut_down(int listening_socket);

}  // namespace server
