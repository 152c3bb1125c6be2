#include "server/upgrade/cbor_writer.hpp"

#include <bit>

namespace server {

void CborWriter::signed_number(std::int64_t value) {
  if (value >= 0) return head(cbor::number, static_cast<std::uint64_t>(value));
  head(cbor::negative_number, ~static_cast<std::uint64_t>(value));  // -1 - value
}

void CborWriter::bytes(std::string_view value) {
  head(cbor::bytes, value.size());
  written_ += value;
}

void CborWriter::text(std::string_view value) {
  head(cbor::text, value.size());
  written_ += value;
}

void CborWriter::boolean(bool value) {
  put(value ? cbor::yes : cbor::no);
}

void CborWriter::null() {
  put(cbor::null);
}

void CborWriter::real(double value) {
  put(cbor::real);
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

// Of indefinite length, since what follows is not counted beforehand.
void CborWriter::begin_array() {
  put(cbor::begin_array);
}

void CborWriter::begin_map() {
  put(cbor::begin_map);
}

void CborWriter::end() {
  put(cbor::end);
}

void CborWriter::big_endian(std::uint64_t value, unsigned size) {
  while (size-- > 0)
    put(static_cast<unsigned>(value >> (8 * size)) & 0xFFU);
}

// The shortest form: a small value stands in the first byte, the others in 1, 2, 4 or 8 behind it.
void CborWriter::head(cbor::Kind kind, std::uint64_t value) {
  const unsigned first = unsigned{kind} << 5U;
  if (value < 24) return put(first | static_cast<unsigned>(value));
  unsigned exponent = 0;
  while (exponent < 3 && value >> (8U << exponent) != 0)
    ++exponent;
  put(first | (24 + exponent));
  big_endian(value, 1U << exponent);
}

}  // namespace server
