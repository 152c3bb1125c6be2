#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/setting.hpp"

/// Settings whose values have a form of their own; the general ones are in
/// server/config/setting.hpp.
namespace server {

/// A name or an address that can be listened on; hosts() takes one or a list.
Setting host(const std::string& key, std::string& field);
Setting hosts(const std::string& key, std::vector<std::string>& field);

/// CIDR networks.
Setting networks(const std::string& key, std::vector<Network>& field);

Setting events(const std::string& key, LogEvents& field);

/// Octal, quoted or not: "0660".
Setting permissions(const std::string& key, unsigned& field);

Setting port_or_off(const std::string& key, std::optional<std::uint16_t>& field);

/// 20ms, or 10ms..50ms.
Setting duration_range(const std::string& key, DurationRange& field,
                       std::chrono::milliseconds most);

/// A plain number is bytes here, not seconds.
Setting close_after(const std::string& key, CloseAfter& field);

Setting probability(const std::string& key, double& field);

}  // namespace server
