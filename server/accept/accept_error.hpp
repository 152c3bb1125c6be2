#pragma once

#include <chrono>
#include <string>

#include "coro/io.hpp"

namespace server {

/// Before another try, after an error that the next call most likely has, too, such as want of
/// memory.
inline constexpr std::chrono::milliseconds pause_after_error{100};

/// So often in succession a socket may be readable and yet have nothing, without a pause. If
/// processes share it, another one may be faster, but not each time.
inline constexpr int most_turns_for_nothing = 16;

/// Whether an error of accept(2) is about the one connection that was to be accepted, so that the
/// next may succeed at once. All others are about the system, or the listening socket.
bool concerns_one_connection(coro::error_code error);

/// For the log: connections wait, because of this error. A lack that the operator can do something
/// about has its name.
std::string why_connections_wait(coro::error_code error);

/// Whether a listening socket will never accept anything again: a process that shares it has shut
/// it down (shutdown(2)), or an administrator has (`ss -K`).
bool is_shut_down(int listening_socket);

}  // namespace server
