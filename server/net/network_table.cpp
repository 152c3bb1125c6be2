#include "server/net/network_table.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace ip = boost::asio::ip;

// The addresses from `first` to `last`, both included.
struct NetworkTable::Block {
  Number first;
  Number last;
  std::optional<std::uint8_t> match;
};

NetworkTable::NetworkTable(std::vector<Network> networks) : networks_(std::move(networks)) {
  // An IPv6 network may have the IPv4-mapped addresses inside, and does not match them.
  const Network ipv4 = *Network::parse("0.0.0.0/0");
  std::vector<Block> blocks = {{.first = 0, .last = ~Number{0}, .match = std::nullopt}};
  blocks.push_back(block_of(ipv4));
  blocks.back().match = std::nullopt;
  for (const Network& network : networks_)
    blocks.push_back(block_of(network));
  // Each behind those that contain it, and behind the two above.
  std::ranges::stable_sort(blocks, [](const Block& one, const Block& other) {
    return one.first != other.first ? one.first < other.first : one.last > other.last;
  });
  cut(blocks);
}

// Of two blocks, one contains the other, or they have no address in common. So the blocks around an
// address are a stack, and the top is the narrowest.
void NetworkTable::cut(const std::vector<Block>& blocks) {
  std::vector<Block> around;
  const auto begin_piece = [&](Number begin) {
    if (begins_.empty() || begins_.back() != begin) {
      begins_.push_back(begin);
      matches_.emplace_back();
    }
    matches_.back() = around.back().match;
  };
  const auto leave_those_before = [&](Number begin) {
    while (around.back().last < begin) {
      const Number last = around.back().last;
      around.pop_back();
      begin_piece(last + 1);
    }
  };
  for (const Block& block : blocks) {
    if (!around.empty()) leave_those_before(block.first);
    around.push_back(block);
    begin_piece(block.first);
  }
  leave_those_before(~Number{0});
}

std::optional<unsigned> NetworkTable::longest_match(const ip::address& address) const {
  const auto next = std::ranges::upper_bound(begins_, number_of(address));
  return matches_[static_cast<std::size_t>(next - begins_.begin()) - 1];
}

NetworkTable::Number NetworkTable::number_of(const ip::address& address) {
  if (address.is_v4()) return Number{0xFFFF} << 32 | address.to_v4().to_uint();
  Number number = 0;
  for (const std::uint8_t byte : address.to_v6().to_bytes())
    number = number << 8 | byte;
  return number;
}

NetworkTable::Block NetworkTable::block_of(const Network& network) {
  const unsigned width = network.first().is_v4() ? 32 : 128;
  const unsigned length = network.prefix_length();
  const Number first = number_of(network.first());
  const Number beyond = length == width ? 0 : ~Number{0} >> (128 - width + length);
  return {.first = first, .last = first | beyond, .match = static_cast<std::uint8_t>(length)};
}

}  // namespace server
