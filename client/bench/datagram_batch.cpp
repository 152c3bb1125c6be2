#include "client/bench/datagram_batch.hpp"

#include <algorithm>

#include "coro/error.hpp"

namespace client {
namespace {

constexpr std::uint64_t payload_distance = 8191;  // of one payload from the next in the pattern

void put(std::uint32_t value, std::span<std::byte> bytes) {
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(value & 0xffU);
    value >>= 8U;
  }
}

std::uint32_t get(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

DatagramBatch::Count counted(int count) {
  if (count <= 0) return {coro::last_error(), 0};
  return {{}, static_cast<std::size_t>(count)};
}

// The lower bits of the number are all that an echo has of it.
std::uint64_t position(std::uint32_t number, std::uint32_t tag) {
  return (std::uint64_t{number} + tag) * payload_distance;
}

}  // namespace

DatagramBatch::DatagramBatch(const Pattern& pattern, std::span<std::byte> scratch, std::size_t size)
    : size_(size), pattern_(&pattern) {
  for (std::size_t i = 0; i < most; ++i) {
    auto& message = to_send_[i].msg_hdr;
    pieces_[i][0] = {headers_[i].bytes.data(), header};
    pieces_[i][1].iov_len = size - header;
    message.msg_iov = pieces_[i].data();
    message.msg_iovlen = size > header ? 2 : 1;
  }
  // One byte more shows a payload that has grown on its way.
  const auto count = std::min(most, scratch.size() / (size + 1));
  for (std::size_t i = 0; i < count; ++i)
    places_.push_back({scratch.data() + i * (size + 1), size + 1});
  taken_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    taken_[i].msg_hdr.msg_iov = &places_[i];
    taken_[i].msg_hdr.msg_iovlen = 1;
  }
}

void DatagramBatch::add(std::uint64_t number, std::uint32_t tag) {
  const auto lower = static_cast<std::uint32_t>(number);
  const std::span bytes = headers_[added_].bytes;
  put(lower, bytes.first(4));
  put(tag, bytes.subspan(4));
  const auto rest = pattern_->at(position(lower, tag), size_ - header);
  pieces_[added_][1].iov_base = const_cast<std::byte*>(rest.data());  // only read by the kernel
  ++added_;
}

DatagramBatch::Count DatagramBatch::send(int socket) {
  return counted(::sendmmsg(socket, to_send_.data(), static_cast<unsigned>(added_),
                            MSG_DONTWAIT | MSG_NOSIGNAL));
}

DatagramBatch::Count DatagramBatch::receive(int socket, std::size_t at_most) {
  const auto count = static_cast<unsigned>(std::min(at_most, taken_.size()));
  return counted(::recvmmsg(socket, taken_.data(), count, MSG_DONTWAIT, nullptr));
}

std::optional<DatagramBatch::Received> DatagramBatch::received(std::size_t index) const {
  const auto* const begin = static_cast<const std::byte*>(places_[index].iov_base);
  const std::span bytes(begin, taken_[index].msg_len);
  if (bytes.size() < header) return std::nullopt;
  return Received{get(bytes.first(4)), get(bytes.subspan(4, 4)), bytes};
}

std::optional<Mismatch> DatagramBatch::compare(const Received& received) const {
  const auto at = position(received.number, received.tag);
  auto mismatch = pattern_->compare(at, received.bytes.subspan(header), at);
  if (mismatch) mismatch->offset += header;
  return mismatch;
}

}  // namespace client
