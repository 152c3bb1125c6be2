#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

#include "server/upgrade/state.hpp"

namespace server {

/// Of the format that encode() writes. A program reads all versions up to its own.
inline constexpr int state_version = 1;

/// The first line is "coroecho state VERSION SIZE CRC32", the version of the format, the size in
/// bytes of the CBOR (RFC 8949) that follows, and its checksum. Behind the CBOR stand the bytes
/// that clients are still owed.
std::string encode(const State& state);

/// The state that encode() wrote; the error is a line. Any bytes may be given: not more memory is
/// used than a few times their number.
boost::system::result<State, std::string> decode(std::string_view bytes);

}  // namespace server
