#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// An IPv4 or IPv6 literal and nothing else: no port, no brackets, no scope (%eth0).
std::optional<boost::asio::ip::address> parse_address(std::string_view text);

/// Whether this can name a machine: a host name (RFC 1123, and underscores), or an address literal
/// without brackets, an IPv6 one also with a scope (fe80::1%eth0). 127.0.0.1:80 and 300.1.1.1
/// cannot.
bool is_host(std::string_view text);

/// The IPv4 address that an IPv4-mapped IPv6 address carries (::ffff:10.1.2.3 is what a dual-stack
/// socket reports for an IPv4 peer, RFC 4291 section 2.5.5.2); any other address as it is.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

/// An IPv6 address without the bits behind the prefix, which has 1 to 128 bits; its scope stays. An
/// IPv4 address as it is.
boost::asio::ip::address network_of(const boost::asio::ip::address& address, unsigned ipv6_prefix);

/// A block of addresses in CIDR notation (RFC 4632; RFC 4291 section 2.3): 10.0.0.0/8,
/// 2001:db8::/32. A network of IPv4-mapped IPv6 addresses is an IPv4 network. NetworkTable finds
/// the networks that contain an address.
class Network {
 public:
  /// A single address without a slash is a network of one. Bits beyond the prefix must be zero. The
  /// error is a phrase about the text: "has bits set beyond its prefix, did you
  /// mean 10.0.0.0/8".
  static boost::system::result<Network, std::string> parse(std::string_view text);

  const boost::asio::ip::address& first() const { return first_; }
  /// At most 32 for IPv4, 128 for IPv6.
  unsigned prefix_length() const { return prefix_length_; }

  /// The text that parse() reads back: 10.0.0.0/8, ::1/128.
  std::string to_string() const;

  friend bool operator==(const Network&, const Network&) = default;

 private:
  Network(boost::asio::ip::address first, unsigned prefix_length);

  boost::asio::ip::address first_;
  unsigned prefix_length_;
};

}  // namespace server
