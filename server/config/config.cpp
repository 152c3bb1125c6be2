#include "server/config/config.hpp"

namespace server {

std::string Origins::where(const std::string& key) const {
  const auto origin = origins_.find(key);
  return origin == origins_.end() ? "key '" + key + "'" : origin->second;
}

bool AccessConfig::admits(const boost::asio::ip::address& address) const {
  const auto allowed = allow.longest_match(address);
  const auto denied = deny.longest_match(address);
  if (!allowed && !denied) return allow.empty();
  return allowed > denied;  // no match is less than any
}

NetworkTable this_machine() {
  return NetworkTable({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
}

}  // namespace server
