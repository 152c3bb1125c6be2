#include "client/wire/dscp.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <utility>

#include "coro/error.hpp"

namespace client {
namespace {

constexpr unsigned highest = 63;

constexpr auto names = std::to_array<std::pair<std::string_view, unsigned>>(
    {{"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},  {"CS4", 32},  {"CS5", 40},
     {"CS6", 48},  {"CS7", 56},  {"AF11", 10}, {"AF12", 12}, {"AF13", 14}, {"AF21", 18},
     {"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30}, {"AF41", 34},
     {"AF42", 36}, {"AF43", 38}, {"EF", 46},   {"LE", 1},    {"VA", 44},   {"VOICE-ADMIT", 44},
     {"DF", 0},    {"BE", 0}});

}  // namespace

std::optional<unsigned> parse_dscp(std::string_view text) {
  const auto* const named = std::ranges::find_if(
      names, [text](const auto& each) { return boost::iequals(each.first, text); });
  if (named != names.end()) return named->second;
  unsigned number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const bool is_number = error == std::errc{} && rest == end && number <= highest;
  return is_number ? std::optional(number) : std::nullopt;
}

// The two lower bits of the field are those of explicit congestion notification.
coro::error_code set_dscp(int socket, const boost::asio::ip::address& peer,
                          std::optional<unsigned> dscp) {
  if (!dscp) return {};
  const int field = static_cast<int>(*dscp << 2U);
  const int result = peer.is_v4()
                         ? ::setsockopt(socket, IPPROTO_IP, IP_TOS, &field, sizeof field)
                         : ::setsockopt(socket, IPPROTO_IPV6, IPV6_TCLASS, &field, sizeof field);
  return result == 0 ? coro::error_code() : coro::last_error();
}

}  // namespace client
