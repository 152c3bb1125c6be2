#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace server {

// A block of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3): 10.0.0.0/8,
// 2001:db8::/32. An IPv4-mapped IPv6 address (::ffff:10.1.2.3, what a dual-stack socket reports for
// an IPv4 peer) counts as the IPv4 address it carries, in a network as well as in contains().
class Network {
 public:
  // A single address without a slash is a network of one. Bits beyond the prefix must be zero, and
  // there is no scope
  // (%eth0). The error is a phrase that says what is wrong: "10.0.0.1/8 has bits set beyond the
  // prefix; ...".
  static boost::system::result<Network, std::string> parse(std::string_view text);

  // IPv4 networks contain no IPv6 address and the other way round: ::/0 is every IPv6 address, no
  // IPv4 address.
  bool contains(const boost::asio::ip::address& address) const;

  // What parse() reads back: 10.0.0.0/8, ::1/128.
  std::string to_string() const;

  friend bool operator==(const Network&, const Network&) = default;

 private:
  Network(boost::asio::ip::address first, unsigned prefix_length);

  boost::asio::ip::address first_;
  unsigned prefix_length_;
};

}  // namespace server
