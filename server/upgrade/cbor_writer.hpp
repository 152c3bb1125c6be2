#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/upgrade/cbor.hpp"

namespace server {

/// Appends data items of CBOR (RFC 8949) to a text. A map is a key, its value, the next key, ...
/// between begin_map() and end(), an array the same without keys.
class CborWriter {
 public:
  void number(std::uint64_t value) { head(cbor::number, value); }
  void signed_number(std::int64_t value);
  void bytes(std::string_view value);
  void text(std::string_view value);  ///< UTF-8
  void boolean(bool value);
  void null();
  void real(double value);
  void begin_array();
  void begin_map();
  void end();

  const std::string& written() const { return written_; }

 private:
  void put(unsigned byte) { written_ += static_cast<char>(byte); }
  void big_endian(std::uint64_t value, unsigned size);
  void head(cbor::Kind kind, std::uint64_t value);

  std::string written_;
};

}  // namespace server
