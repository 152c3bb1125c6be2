#include "server/net/network.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "program/quantity.hpp"

namespace server {

namespace ip = boost::asio::ip;

namespace {

constexpr unsigned mapped_prefix_length = 96;  // ::ffff:0:0/96

constexpr std::string_view digits = "0123456789";
constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool is_name(std::string_view text) {
  constexpr std::size_t longest_host_name = 253;
  return !text.empty() && text.size() <= longest_host_name &&
         text.find_first_not_of(name_characters) == std::string_view::npos;
}

ip::address first_of_block(const ip::address& address, unsigned prefix_length) {
  const auto length = static_cast<unsigned short>(prefix_length);
  if (address.is_v4()) return ip::network_v4(address.to_v4(), length).network();
  return ip::network_v6(address.to_v6(), length).network();
}

}  // namespace

std::optional<ip::address> parse_address(std::string_view text) {
  // The system's parser ends at a NUL and takes a scope.
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
    return std::nullopt;
  boost::system::error_code error;
  const ip::address address = ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

bool is_host(std::string_view text) {
  const std::size_t scope = text.find('%');
  if (const auto address = parse_address(text.substr(0, scope)))
    return scope == std::string_view::npos || (address->is_v6() && is_name(text.substr(scope + 1)));
  // A name whose last label is a number could be mistaken for an address (RFC 1123, section 2.1).
  const std::string_view relative = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
  const std::string_view last_label = relative.substr(relative.rfind('.') + 1);
  return is_name(relative) && last_label.find_first_not_of(digits) != std::string_view::npos;
}

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

ip::address network_of(const ip::address& address, unsigned ipv6_prefix) {
  if (address.is_v4()) return address;
  ip::address_v6 network = first_of_block(address, ipv6_prefix).to_v6();
  network.scope_id(address.to_v6().scope_id());
  return network;
}

Network::Network(ip::address first, unsigned prefix_length)
    : first_(std::move(first)), prefix_length_(prefix_length) {}

boost::system::result<Network, std::string> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<ip::address> written = parse_address(text.substr(0, slash));
  if (!written) return "is not a network such as 10.0.0.0/8, 2001:db8::/32 or a single address";
  const unsigned longest = written->is_v4() ? 32 : 128;
  std::optional<std::uint64_t> length = longest;
  if (slash != std::string_view::npos) length = program::parse_whole_number(text.substr(slash + 1));
  const bool is_prefix_length = length && *length <= longest;
  if (!is_prefix_length)
    return "has a prefix length that is not a whole number from 0 to " + std::to_string(longest);
  const auto prefix_length = static_cast<unsigned>(*length);
  const Network network(first_of_block(*written, prefix_length), prefix_length);
  if (network.first_ != *written)
    return "has bits set beyond its prefix, did you mean " + network.to_string();
  if (written->is_v6() && written->to_v6().is_v4_mapped())
    return Network(unmapped(network.first_), prefix_length - mapped_prefix_length);
  return network;
}

std::string Network::to_string() const {
  return first_.to_string() + '/' + std::to_string(prefix_length_);
}

}  // namespace server
