#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "server/upgrade/cbor.hpp"

namespace server {

/// The bytes are no CBOR, or another item than the one that was asked for. what() is a phrase.
class CborError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads data items of CBOR (RFC 8949), one after the other. Each function throws CborError if
/// another item follows, or none that is whole. Texts and byte strings of indefinite length, and
/// tags, are refused where a value is asked for. No function needs memory of its own.
class CborReader {
 public:
  /// The bytes must outlive this, and the views that it returns.
  explicit CborReader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }

  template <std::integral Number>
  Number number() {
    const auto [negative, value] = integer();
    const auto signed_value = static_cast<std::int64_t>(negative ? ~value : value);
    const bool fits = negative ? std::in_range<Number>(signed_value) : std::in_range<Number>(value);
    if (!fits) throw CborError("the number is out of range");
    return static_cast<Number>(signed_value);
  }
  std::string_view bytes() { return string(cbor::bytes, "bytes"); }
  std::string_view text() { return string(cbor::text, "a text"); }
  bool boolean();
  double real();
  /// Whether null follows, which is read then.
  bool is_null();

  /// Calls `read_item` before each item of an array, which it must read.
  template <std::invocable Read>
  void array(Read read_item) {
    each(cbor::array, "an array", read_item);
  }
  /// Calls `read_value` behind each key, with the key.
  template <std::invocable<std::string_view> Read>
  void map(Read read_value) {
    each(cbor::map, "a map", [&] { read_value(text()); });
  }

  /// Reads one item of any kind.
  void skip() { skip(0); }

 private:
  struct Head {
    unsigned kind;
    std::uint64_t value;  // or the length, or how many items follow
    bool indefinite;      // then they follow up to a break
  };
  struct Integer {
    bool negative;
    std::uint64_t value;  // -1 - value if it is negative
  };

  template <typename Read>
  void each(cbor::Kind kind, const char* expected, Read read) {
    const Head head = next(kind, expected);
    for (std::uint64_t index = 0; head.indefinite ? !is_break() : index < head.value; ++index)
      read();
  }

  std::string_view take(std::uint64_t size);
  unsigned first_byte() const;
  std::uint64_t big_endian(std::size_t size);
  Head next();
  Head next(cbor::Kind kind, const char* expected);
  Integer integer();
  std::string_view string(cbor::Kind kind, const char* expected);
  bool is(unsigned byte);
  bool is_break() { return is(cbor::end); }
  void skip(int depth);

  std::string_view left_;
};

}  // namespace server
