#include "server/net/address_set.hpp"

#include <algorithm>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <cstddef>

namespace server {
namespace {

namespace ip = boost::asio::ip;

template <typename Number>
constexpr bool is_ipv4 = sizeof(Number) == sizeof(std::uint32_t);

// The addresses from `first` to `last`, both included.
template <typename Number>
struct Block {
  Number first;
  Number last;
  bool inside;
};

template <typename Number>
Number number_of(const ip::address& address) {
  if constexpr (is_ipv4<Number>) {
    return address.to_v4().to_uint();
  } else {
    const auto bytes = address.to_v6().to_bytes();
    return Number{boost::endian::load_big_u64(bytes.data())} << 64 |
           boost::endian::load_big_u64(bytes.data() + 8);
  }
}

template <typename Number>
void add_blocks(std::vector<Block<Number>>& blocks, std::span<const Network> networks,
                bool inside) {
  constexpr unsigned width = 8 * sizeof(Number);
  for (const Network& network : networks) {
    if (network.first().is_v4() != is_ipv4<Number>) continue;
    const unsigned length = network.prefix_length();
    const auto first = number_of<Number>(network.first());
    const Number beyond = length == width ? 0 : static_cast<Number>(~Number{0}) >> length;
    blocks.push_back({.first = first, .last = first | beyond, .inside = inside});
  }
}

// All blocks of a family, each behind those that contain it. Of equal ones the last decides.
template <typename Number>
std::vector<Block<Number>> blocks_of(std::span<const Network> included,
                                     std::span<const Network> excluded) {
  std::vector<Block<Number>> blocks = {{.first = 0, .last = ~Number{0}, .inside = false}};
  add_blocks(blocks, included, true);
  add_blocks(blocks, excluded, false);
  std::ranges::stable_sort(blocks, [](const Block<Number>& one, const Block<Number>& other) {
    return one.first != other.first ? one.first < other.first : one.last > other.last;
  });
  return blocks;
}

// Of two blocks, one contains the other, or they have no address in common. So the blocks around an
// address are a stack, and the top is the narrowest.
template <typename Number>
std::vector<Number> borders_of(const std::vector<Block<Number>>& blocks) {
  std::vector<Number> borders = {0};
  std::vector<Block<Number>> around;
  const auto goes_on_from = [&](Number begin) {
    const bool inside = borders.size() % 2 == 0;
    if (inside == around.back().inside) return;
    if (borders.size() > 1 && borders.back() == begin)
      borders.pop_back();
    else
      borders.push_back(begin);
  };
  const auto leave_those_before = [&](Number begin) {
    while (around.back().last < begin) {
      const Number last = around.back().last;
      around.pop_back();
      goes_on_from(last + 1);
    }
  };
  for (const Block<Number>& block : blocks) {
    if (!around.empty()) leave_those_before(block.first);
    around.push_back(block);
    goes_on_from(block.first);
  }
  leave_those_before(~Number{0});
  return borders;
}

// A search without branches that are hard to predict: half the instructions of std::upper_bound.
// The last border that is not above the number is always among the `count` ones from `border` on.
template <typename Number>
bool is_inside(const std::vector<Number>& borders, Number number) {
  const Number* border = borders.data();
  std::size_t count = std::bit_floor(borders.size());
  const std::size_t others = borders.size() - count;
  if (border[others] <= number) border += others;
  while ((count /= 2) > 0)
    if (border[count] <= number) border += count;
  return (border - borders.data()) % 2 != 0;
}

}  // namespace

AddressSet::AddressSet(std::span<const Network> included, std::span<const Network> excluded)
    : ipv4_borders_(borders_of(blocks_of<Ipv4Number>(included, excluded))),
      ipv6_borders_(borders_of(blocks_of<Ipv6Number>(included, excluded))) {}

bool AddressSet::contains(const ip::address& address) const {
  if (address.is_v4()) return contains(number_of<Ipv4Number>(address));
  if (address.to_v6().is_v4_mapped()) return contains(unmapped(address));
  return is_inside(ipv6_borders_, number_of<Ipv6Number>(address));
}

bool AddressSet::contains(std::uint32_t ipv4) const {
  return is_inside(ipv4_borders_, ipv4);
}

}  // namespace server
