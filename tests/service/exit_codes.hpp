#pragma once

namespace service {

// Of the service, as sysexits.h has them.
inline constexpr int usage_error = 64;     // EX_USAGE
inline constexpr int cannot_listen = 69;   // EX_UNAVAILABLE
inline constexpr int internal_error = 70;  // EX_SOFTWARE
inline constexpr int config_error = 78;    // EX_CONFIG

}  // namespace service
