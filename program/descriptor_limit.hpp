#pragma once

#include <cstddef>

namespace program {

inline constexpr std::size_t as_many_as_possible = std::size_t{1} << 30;

/// Raises the limit of open descriptors (RLIMIT_NOFILE, getrlimit(2)) to `needed`, as far as the
/// hard limit allows; never lowers it. Returns how many may be open now.
std::size_t raise_descriptor_limit(std::size_t needed = as_many_as_possible);

}  // namespace program
