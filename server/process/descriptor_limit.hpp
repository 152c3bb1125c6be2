#pragma once

#include <cstddef>

namespace server {

/// Raises the limit of open descriptors (RLIMIT_NOFILE, getrlimit(2)) to `needed`, as far as the
/// hard limit lets it; never lowers it. Returns how many may be open now.
std::size_t raise_descriptor_limit(std::size_t needed);

}  // namespace server
