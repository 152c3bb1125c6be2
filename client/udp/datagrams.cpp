#include "client/udp/datagrams.hpp"

#include <algorithm>
#include <random>

namespace client {
namespace {

constexpr std::size_t number_size = 4;

std::byte byte_of(std::uint64_t value, std::size_t index) {
  return static_cast<std::byte>(value >> (8 * index) & 0xffU);
}

}  // namespace

std::uint32_t Datagrams::random_tag() {
  return std::random_device()();
}

std::vector<std::byte> Datagrams::payload(std::uint64_t number) const {
  std::vector<std::byte> bytes(size_);
  fill(number, bytes);
  return bytes;
}

void Datagrams::fill(std::uint64_t number, std::span<std::byte> bytes) const {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = i < number_size ? byte_of(number, i)
               : i < header    ? byte_of(tag_, i - number_size)
                               : static_cast<std::byte>((number * 31 + i) & 0xffU);
  }
}

Datagrams::Recognised Datagrams::recognise(std::span<const std::byte> received,
                                           std::uint64_t latest) const {
  const bool has_size = received.size() == size_;
  const bool has_room_for_tag = std::min(size_, received.size()) >= header;
  const bool is_of_this_run = (has_size || has_room_for_tag) && has_tag(received);
  if (!is_of_this_run) return {Kind::foreign, std::nullopt};
  const auto number = number_in(received, latest);
  if (!number) return {size_ == 0 ? Kind::echo : Kind::changed, std::nullopt};
  const bool is_the_same = has_size && std::ranges::equal(received, payload(*number));
  return {is_the_same ? Kind::echo : Kind::changed, number};
}

bool Datagrams::has_tag(std::span<const std::byte> bytes) const {
  for (std::size_t i = number_size; i < std::min(header, bytes.size()); ++i)
    if (bytes[i] != byte_of(tag_, i - number_size)) return false;
  return true;
}

// The bytes have the lower bits, and no number beyond the latest has been sent.
std::optional<std::uint64_t> Datagrams::number_in(std::span<const std::byte> beginning,
                                                  std::uint64_t latest) const {
  if (beginning.empty() || beginning.size() < std::min(size_, header)) return std::nullopt;
  if (!has_tag(beginning)) return std::nullopt;
  std::uint64_t lower = 0;
  const auto size = std::min(beginning.size(), number_size);
  for (std::size_t i = 0; i < size; ++i)
    lower |= std::to_integer<std::uint64_t>(beginning[i]) << (8 * i);
  const auto mask = (std::uint64_t{1} << (8 * size)) - 1;
  const auto behind = (latest - lower) & mask;
  return behind < latest ? std::optional(latest - behind) : std::nullopt;
}

}  // namespace client
