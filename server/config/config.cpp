#include "server/config/config.hpp"

namespace server {

std::string Origins::where(const std::string& key) const {
  const auto origin = origins_.find(key);
  return origin == origins_.end() ? "key '" + key + "'" : origin->second;
}

void AccessConfig::combine() {
  const std::vector<Network> everybody = {*Network::parse("0.0.0.0/0"), *Network::parse("::/0")};
  admitted_ = AddressSet(allow.empty() ? everybody : allow, deny);
}

NetworkTable this_machine() {
  return NetworkTable({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
}

}  // namespace server
