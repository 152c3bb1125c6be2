#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>

#include "coro/io.hpp"

namespace client {

/// A number from 0 to 63, or a name in upper or lower case: CS0 to CS7, AF11 to AF43, EF, LE, VA
/// (VOICE-ADMIT) and DF or BE, the default (IANA's DSCP registry).
std::optional<unsigned> parse_dscp(std::string_view text);

/// Marks each packet of the socket, whose peer has that address; without a DSCP nothing changes.
coro::error_code set_dscp(int socket, const boost::asio::ip::address& peer,
                          std::optional<unsigned> dscp);

}  // namespace client
