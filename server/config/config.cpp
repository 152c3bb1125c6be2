#include "server/config/config.hpp"

namespace server {

std::string Origins::where(const std::string& key) const {
  const auto origin = origins_.find(key);
  return origin == origins_.end() ? "key '" + key + "'" : origin->second;
}

std::vector<Network> Config::default_trusted_proxies() {
  return {*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")};
}

}  // namespace server
