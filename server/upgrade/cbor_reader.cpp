#include "server/upgrade/cbor_reader.hpp"

#include <bit>
#include <limits>

namespace server {
namespace {

constexpr int deepest = 16;  // a state has six

[[noreturn]] void throw_other_kind(const char* expected) {
  throw CborError(std::string("found something else, expected ") + expected);
}

}  // namespace

std::string_view CborReader::take(std::uint64_t size) {
  if (size > left_.size()) throw CborError("the end is missing");
  const std::string_view taken = left_.substr(0, size);
  left_.remove_prefix(size);
  return taken;
}

unsigned CborReader::first_byte() const {
  if (left_.empty()) throw CborError("the end is missing");
  return static_cast<unsigned char>(left_.front());
}

bool CborReader::is(unsigned byte) {
  if (first_byte() != byte) return false;
  left_.remove_prefix(1);
  return true;
}

std::uint64_t CborReader::big_endian(std::size_t size) {
  std::uint64_t value = 0;
  for (const char byte : take(size))
    value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

CborReader::Head CborReader::next() {
  const unsigned first = first_byte();
  left_.remove_prefix(1);
  Head head{.kind = first >> 5U, .value = first & 31U, .indefinite = false};
  if (head.value < 24) return head;
  if (head.value < 28) {
    head.value = big_endian(std::size_t{1} << (head.value - 24));
    return head;
  }
  const bool may_be_indefinite = head.kind == cbor::array || head.kind == cbor::map;
  if (head.value != 31 || !may_be_indefinite) throw CborError("this is no CBOR that is read here");
  head.indefinite = true;
  return head;
}

CborReader::Head CborReader::next(cbor::Kind kind, const char* expected) {
  if (first_byte() >> 5U != kind) throw_other_kind(expected);
  return next();
}

CborReader::Integer CborReader::integer() {
  const Head head = next();
  if (head.kind > cbor::negative_number) throw_other_kind("a whole number");
  const bool negative = head.kind == cbor::negative_number;
  if (negative && head.value > std::numeric_limits<std::int64_t>::max())
    throw CborError("the number is out of range");
  return {.negative = negative, .value = head.value};
}

std::string_view CborReader::string(cbor::Kind kind, const char* expected) {
  return take(next(kind, expected).value);
}

bool CborReader::boolean() {
  if (is(cbor::yes)) return true;
  if (is(cbor::no)) return false;
  throw_other_kind("true or false");
}

double CborReader::real() {
  if (!is(cbor::real)) throw_other_kind("a real number");
  return std::bit_cast<double>(big_endian(8));
}

bool CborReader::is_null() {
  return is(cbor::null);
}

// A tag stands before the item that it describes. Numbers and simple values are whole
// already.
void CborReader::skip(int depth) {
  if (depth == deepest) throw CborError("the items are nested too deep");
  const Head head = next();
  if (head.kind == cbor::bytes || head.kind == cbor::text) static_cast<void>(take(head.value));
  if (head.kind == cbor::tag) return skip(depth + 1);
  if (head.kind != cbor::array && head.kind != cbor::map) return;
  for (std::uint64_t index = 0; head.indefinite ? !is_break() : index < head.value; ++index) {
    skip(depth + 1);
    if (head.kind == cbor::map) skip(depth + 1);
  }
}

}  // namespace server
