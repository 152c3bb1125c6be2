#include "server/config/config.hpp"

namespace server {

std::string Origins::where(const std::string& key) const {
  const auto origin = origins_.find(key);
  return origin == origins_.end() ? "key '" + key + "'" : origin->second;
}

NetworkTable Config::default_trusted_proxies() {
  return NetworkTable({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
}

}  // namespace server
