#pragma once

#include <cstddef>

namespace service {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

// Scales a test's numbers: a fifth under AddressSanitizer, which makes everything slower.
constexpr std::size_t scaled(std::size_t count) {
  return sanitized ? count / 5 : count;
}

}  // namespace service
