#include "server/upgrade/cbor_writer.hpp"

#include <bit>

namespace server {

void CborWriter::signed_number(std::int64_t value) {
  if (value >= 0) return head(0, static_cast<std::uint64_t>(value));
  head(1, ~static_cast<std::uint64_t>(value));  // -1 - value
}

void CborWriter::bytes(std::string_view value) {
  head(2, value.size());
  written_ += value;
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  written_ += value;
}

void CborWriter::boolean(bool value) {
  put(value ? 0xF5 : 0xF4);
}

void CborWriter::null() {
  put(0xF6);
}

void CborWriter::real(double value) {
  put(0xFB);
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

// Of indefinite length, since what follows is not counted beforehand.
void CborWriter::begin_array() {
  put(0x9F);
}

void CborWriter::begin_map() {
  put(0xBF);
}

void CborWriter::end() {
  put(0xFF);
}

void CborWriter::big_endian(std::uint64_t value, unsigned size) {
  while (size-- > 0)
    put(static_cast<unsigned>(value >> (8 * size)) & 0xFFU);
}

// The shortest form: a small value stands in the first byte, the others in 1, 2, 4 or 8 behind it.
void CborWriter::head(unsigned major, std::uint64_t value) {
  const unsigned kind = major << 5U;
  if (value < 24) return put(kind | static_cast<unsigned>(value));
  unsigned exponent = 0;
  while (exponent < 3 && value >> (8U << exponent) != 0)
    ++exponent;
  put(kind | (24 + exponent));
  big_endian(value, 1U << exponent);
}

}  // namespace server
