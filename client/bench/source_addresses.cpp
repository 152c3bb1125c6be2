#include "client/bench/source_addresses.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <utility>

namespace client {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::tcp;

constexpr std::size_t connections_each = 4096;
constexpr std::uint32_t first_address = 0x7f000002;  // 127.0.0.2
constexpr std::uint32_t last_address = 0x7ffffffe;   // 127.255.255.254
constexpr std::uint32_t addresses = last_address - first_address + 1;

// Of all that an IPv4 connection may go to.
bool are_on_loopback(const Addresses& targets) {
  const auto is_v4 = [](const tcp::endpoint& target) { return target.address().is_v4(); };
  return std::ranges::any_of(targets, is_v4) &&
         std::ranges::all_of(targets, [&](const tcp::endpoint& target) {
           return !is_v4(target) || target.address().is_loopback();
         });
}

double setting(const char* name, double otherwise) {
  std::ifstream file(std::string("/proc/sys/net/ipv4/") + name);
  double value = 0;
  return file >> value ? value : otherwise;
}

double ephemeral_ports() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  double first = 0;
  double last = 0;
  constexpr double usual = 28232;
  return file >> first >> last ? last - first + 1 : usual;
}

}  // namespace

// It begins anywhere: the ports of the run before may still be occupied, and other threads connect
// too.
SourceAddresses::SourceAddresses(const Addresses& targets)
    : several_(are_on_loopback(targets)), place_(std::random_device()() % addresses) {}

std::optional<address> SourceAddresses::next() {
  if (!several_) return std::nullopt;
  if (++used_ > connections_each) exhausted();
  if (usual_) return std::nullopt;
  return address_v4(first_address + place_);
}

bool SourceAddresses::exhausted() {
  if (!std::exchange(usual_, false)) place_ = (place_ + 1) % addresses;
  used_ = 1;
  return several_;
}

// The kernel looks among every second port before it takes one of the others.
bool had_to_search_for_ports(const Addresses& targets, std::uint64_t connections,
                             std::chrono::nanoseconds time) {
  if (targets.empty() || are_on_loopback(targets)) return false;  // none: a Unix socket
  constexpr double always = 1;
  constexpr double on_loopback = 2;
  const double reuse = setting("tcp_tw_reuse", on_loopback);
  const bool is_loopback = std::ranges::all_of(
      targets, [](const tcp::endpoint& target) { return target.address().is_loopback(); });
  const bool soon = reuse == always || (reuse == on_loopback && is_loopback);
  const double occupied = soon ? 1 : 60;  // seconds
  const double seconds = std::chrono::duration<double>(time).count();
  const auto at_a_time = static_cast<double>(connections) * std::min(occupied / seconds, 1.0);
  return at_a_time > ephemeral_ports() / 2;
}

}  // namespace client
