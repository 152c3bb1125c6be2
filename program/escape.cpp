#include "program/escape.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <boost/locale/utf.hpp>
#include <cstdint>
#include <cstring>

#include "program/invisible.hpp"

namespace program {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

// The character that `bytes` begin with; Utf8's illegal or incomplete if they begin with none.
boost::locale::utf::code_point first_character(std::string_view bytes) {
  const char* position = bytes.data();
  return Utf8::decode(position, bytes.data() + bytes.size());
}

// The bytes of the printable, not ASCII character that `bytes` begin with; 0 if there is none. Not
// inline, so that a caller which finds ASCII only has little on its stack.
[[gnu::noinline]] std::size_t printable_length_of(std::string_view bytes) {
  const auto character = first_character(bytes);
  if (!boost::locale::utf::is_valid_codepoint(character) || is_invisible(character)) return 0;
  return static_cast<std::size_t>(Utf8::width(character));
}

// It begins with C2 or more and goes on with 80 to BF: most binary bytes do not.
std::size_t printable_length(std::string_view bytes) {
  const bool may_be = static_cast<unsigned char>(bytes.front()) >= 0xC2 && bytes.size() >= 2 &&
                      (static_cast<unsigned char>(bytes[1]) & 0xC0U) == 0x80;
  return may_be ? printable_length_of(bytes) : 0;
}

// How a byte is written that is not part of a printable character beyond ASCII.
struct Notation {
  std::array<char, 7> text{};
  std::uint8_t length = 0;

  constexpr void put(char c) { text[length++] = c; }
};

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr Notation notation_of(char byte, EscapeRules rules) {
  const bool printable = byte >= ' ' && byte <= '~';
  const bool special = byte == '"' || byte == '\\';
  Notation notation;
  if (!printable || (special && rules.quoted)) {
    notation.put('\\');
    if (rules.json) notation.put('\\');
  }
  if (printable) {
    if (special && rules.json) notation.put('\\');
    notation.put(byte);
  } else if (byte == '\n') {
    notation.put('n');
  } else if (byte == '\r') {
    notation.put('r');
  } else if (byte == '\t') {
    notation.put('t');
  } else {
    notation.put('x');
    notation.put(hex_digits[static_cast<unsigned char>(byte) >> 4U]);
    notation.put(hex_digits[static_cast<unsigned char>(byte) & 0xFU]);
  }
  return notation;
}

using Notations = std::array<Notation, 256>;

constexpr Notations notations(EscapeRules rules) {
  Notations all;
  for (std::size_t byte = 0; byte < all.size(); ++byte)
    all[byte] = notation_of(static_cast<char>(byte), rules);
  return all;
}

// By `quoted` and `json`.
constexpr std::array<std::array<Notations, 2>, 2> all_notations = {{
    {notations({.quoted = false, .json = false}), notations({.quoted = false, .json = true})},
    {notations({.quoted = true, .json = false}), notations({.quoted = true, .json = true})},
}};

// A processor compares all bytes of a block at once (SSE2, NEON).
using Block [[gnu::vector_size(16)]] = unsigned char;
using SignedBlock [[gnu::vector_size(16)]] = signed char;
using Halves [[gnu::vector_size(16)]] = std::uint64_t;

// The bytes, too few for a block, with zeros behind them.
[[gnu::noinline]] Block last_block(std::string_view bytes) {
  Block block{};
  std::memcpy(&block, bytes.data(), bytes.size());
  return block;
}

// How many bytes at the beginning of the block are plain: printable ASCII, neither `"` nor `\`.
std::size_t plain_length(Block block) {
  // Printable ASCII becomes the lowest numbers with a sign: one comparison for both ends.
  constexpr int lowest = -0x80;  // of a signed char
  const auto shifted = std::bit_cast<SignedBlock>(block - static_cast<unsigned char>(' ' - lowest));
  const auto special = (shifted > lowest + '~' - ' ') | (block == '"') | (block == '\\');
  const auto halves = std::bit_cast<Halves>(special);  // 0xFF for each byte that is not plain
  const auto first = [](std::uint64_t half) {
    const int bits = std::countr_zero(boost::endian::native_to_little(half));
    return static_cast<std::size_t>(bits) / 8;
  };
  return halves[0] != 0 ? first(halves[0]) : sizeof halves[0] + first(halves[1]);
}

// Writes one character, and takes it from `bytes`. A whole notation is copied, however short,
// because that takes no branch that a processor could mispredict.
[[gnu::always_inline]] inline char* write_character(char* end, std::string_view& bytes,
                                                    const Notations& notations) {
  std::size_t length = printable_length(bytes);
  if (length > 0) {
    end = std::copy_n(bytes.data(), length, end);
  } else {
    length = 1;
    const Notation& notation = notations[static_cast<unsigned char>(bytes.front())];
    std::memcpy(end, notation.text.data(), sizeof notation.text);
    end += notation.length;
  }
  bytes.remove_prefix(length);
  return end;
}

// Copies the plain bytes that `bytes` begin with, at most a block of them, and takes them from
// there. Returns whether there may be more.
[[gnu::always_inline]] inline bool copy_plain(char*& end, std::string_view& bytes) {
  Block block;
  if (bytes.size() >= sizeof block)
    std::memcpy(&block, bytes.data(), sizeof block);
  else
    block = last_block(bytes);
  std::memcpy(end, &block, sizeof block);
  const std::size_t plain = plain_length(block);
  end += plain;
  bytes.remove_prefix(plain);
  return plain == sizeof block;
}

// Text is mostly plain, and is copied by blocks. Bytes that are not plain come together: behind one
// of them, as many as a block has are written one by one. `write` takes a character from the bytes
// and returns the end, or null. Inline, so that it keeps its place in registers.
template <typename Write>
[[gnu::always_inline]] inline char* write_text(char* end, std::string_view bytes, Write write) {
  while (!bytes.empty()) {
    if (copy_plain(end, bytes)) continue;
    const std::size_t rest = bytes.size() - std::min(bytes.size(), sizeof(Block));
    while (bytes.size() > rest) {
      end = write(end, bytes);
      if (end == nullptr) return end;
    }
  }
  return end;
}

char* write_hex(char* end, std::uint32_t number, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    *end++ = hex_digits[number >> static_cast<unsigned>(shift) & 0xFU];
  return end;
}

char* write_utf16(char* end, std::uint32_t unit) {
  *end++ = '\\';
  *end++ = 'u';
  return write_hex(end, unit, 4);
}

// Null if the bytes do not begin with a character.
char* write_json_character(char* end, std::string_view& bytes) {
  const char byte = bytes.front();
  const auto character = first_character(bytes);
  if (!boost::locale::utf::is_valid_codepoint(character)) return nullptr;
  const auto length = static_cast<std::size_t>(Utf8::width(character));
  if (byte == '"' || byte == '\\' || byte == '\n' || byte == '\r' || byte == '\t') {
    *end++ = '\\';
    *end++ = byte == '\n' ? 'n' : byte == '\r' ? 'r' : byte == '\t' ? 't' : byte;
  } else if (character > 0xFFFF && is_invisible(character)) {
    end = write_utf16(end, 0xD800U + ((character - 0x10000U) >> 10U));
    end = write_utf16(end, 0xDC00U + ((character - 0x10000U) & 0x3FFU));
  } else if (character < ' ' || character == 0x7F || is_invisible(character)) {
    end = write_utf16(end, character);
  } else {
    end = std::copy_n(bytes.data(), length, end);
  }
  bytes.remove_prefix(length);
  return end;
}

}  // namespace

char* write_escaped(char* end, std::string_view bytes, EscapeRules rules) {
  const Notations& notations = all_notations[rules.quoted ? 1 : 0][rules.json ? 1 : 0];
  return write_text(
      end, bytes, [&](char* at, std::string_view& left) __attribute__((always_inline)) {
        return write_character(at, left, notations);
      });
}

char* write_json(char* end, std::string_view bytes) {
  return write_text(end, bytes, write_json_character);
}

char* write_hex(char* end, std::string_view bytes) {
  for (const char byte : bytes)
    end = write_hex(end, static_cast<unsigned char>(byte), 2);
  return end;
}

// Text is mostly plain from end to end, and takes no more memory than its own size then: a line
// that reports want of memory needs none if it is short.
void append_escaped(TextBuffer& out, std::string_view bytes, EscapeRules rules) {
  const auto is_plain = [](char c) { return ' ' <= c && c <= '~' && c != '"' && c != '\\'; };
  const auto plain =
      static_cast<std::size_t>(std::ranges::find_if_not(bytes, is_plain) - bytes.begin());
  out.append(bytes.substr(0, plain));
  bytes.remove_prefix(plain);
  if (bytes.empty()) return;
  const std::size_t before = out.size();
  out.resize(before + escaped_room(bytes.size()));
  const char* end = write_escaped(out.data() + before, bytes, rules);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

std::string escaped(std::string_view bytes, EscapeRules rules) {
  TextBuffer out;
  append_escaped(out, bytes, rules);
  return fmt::to_string(out);
}

std::size_t whole_characters_of_more(std::string_view bytes, std::size_t limit) {
  // A character that spans the limit begins at most three bytes before it.
  for (std::size_t back = 1; back < Utf8::max_width && back <= limit; ++back) {
    const auto character = first_character(bytes.substr(limit - back));
    if (boost::locale::utf::is_valid_codepoint(character))
      return static_cast<std::size_t>(Utf8::width(character)) > back ? limit - back : limit;
  }
  return limit;
}

}  // namespace program
