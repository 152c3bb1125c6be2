#pragma once

#include <optional>
#include <vector>

#include "coro/io.hpp"

namespace server {

/// Binds the socket, and listens if a `backlog` is given. `ceding` are sockets of this process with
/// the same protocol, which will be closed afterwards: their ports do not count as in use, so that
/// a port passes from one socket to the other without a moment in which nobody has it. The error is
/// one of bind(2) or listen(2).
coro::error_code bind_socket(int socket, const coro::Endpoint& endpoint, std::vector<int> ceding,
                             std::optional<int> backlog = {});

}  // namespace server
