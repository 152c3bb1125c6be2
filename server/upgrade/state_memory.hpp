#pragma once

#include <string>
#include <string_view>

#include "coro/descriptor.hpp"

namespace server {

/// A memory file (memfd_create(2)) with these bytes, which nobody can change any more. It is closed
/// on exec. Throws std::system_error.
coro::Descriptor sealed_memory(std::string_view bytes);

/// The bytes of such a file. Throws std::runtime_error with a line if it is none.
std::string read_sealed(const coro::Descriptor& memory);

}  // namespace server
