#include "server/udp/source_rate.hpp"

#include <algorithm>
#include <bit>
#include <random>

namespace server {
namespace {

using std::chrono::nanoseconds;

std::uint64_t random_word() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// The source network as a number. An IPv4 address and the /64 that looks like it, which is in no
// routed block, would share their buckets.
std::uint64_t network_of(const boost::asio::ip::address& source) {
  if (source.is_v4()) return source.to_v4().to_uint();
  const auto bytes = source.to_v6().to_bytes();
  std::uint64_t prefix = 0;
  for (std::size_t index = 0; index < sizeof prefix; ++index)
    prefix = prefix << 8 | bytes[index];
  return prefix;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void add(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::uint64_t word) {
  SipState state{.v0 = key0 ^ 0x736f6d6570736575,
                 .v1 = key1 ^ 0x646f72616e646f6d,
                 .v2 = key0 ^ 0x6c7967656e657261,
                 .v3 = key1 ^ 0x7465646279746573};
  state.add(word);
  state.add(std::uint64_t{sizeof word} << 56);  // the length, in an otherwise empty last word
  state.v2 ^= 0xff;
  for (int round = 0; round < 3; ++round)
    state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

SourceRate::SourceRate() : key_{random_word(), random_word()} {}

bool SourceRate::take(const boost::asio::ip::address& source, std::uint32_t rate,
                      coro::Clock::time_point now) {
  return take_of(network_of(source), rate, now);
}

bool SourceRate::take_of(std::uint64_t network, std::uint32_t rate, coro::Clock::time_point now) {
  const std::uint64_t hash = siphash(key_[0], key_[1], network);
  Bucket& first = (*table_)[0][hash % columns];
  Bucket& second = (*table_)[1][hash / columns % columns];

  const Bucket present = nanoseconds(now.time_since_epoch()).count();
  const Bucket one_token = nanoseconds(std::chrono::seconds(1)).count() / rate;
  const Bucket full_again = std::max(std::min(first, second), present) + one_token;
  if (full_again - present > one_token * rate) return false;
  first = std::max(first, full_again);
  second = std::max(second, full_again);
  return true;
}

}  // namespace server
