#include "program/escape.hpp"

#include <algorithm>
#include <array>
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

// The bytes of the printable, not ASCII character that `bytes` begin with; 0 if there is none.
std::size_t printable_length(std::string_view bytes) {
  // It begins with C2 or more and goes on with 80 to BF: most binary bytes end here.
  if (static_cast<unsigned char>(bytes.front()) < 0xC2 || bytes.size() < 2 ||
      (static_cast<unsigned char>(bytes[1]) & 0xC0U) != 0x80)
    return 0;
  const auto character = first_character(bytes);
  if (!boost::locale::utf::is_valid_codepoint(character) || is_invisible(character)) return 0;
  return static_cast<std::size_t>(Utf8::width(character));
}

// How a byte is written that is not part of a printable character beyond ASCII.
struct Notation {
  std::array<char, 7> text{};
  std::uint8_t length = 0;

  constexpr void put(char c) { text[length++] = c; }
};

constexpr Notation notation_of(char byte, EscapeRules rules) {
  constexpr std::string_view digits = "0123456789abcdef";
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
    notation.put(digits[static_cast<unsigned char>(byte) >> 4U]);
    notation.put(digits[static_cast<unsigned char>(byte) & 0xFU]);
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

}  // namespace

// Done for every byte that is logged: a whole notation is copied, however short, because that takes
// no branch that a processor could mispredict.
void append_escaped(TextBuffer& out, std::string_view bytes, EscapeRules rules) {
  constexpr std::size_t longest = 5;  // \\x1f, in JSON
  constexpr std::size_t copied = sizeof(Notation::text);
  const Notations& notations = all_notations[rules.quoted ? 1 : 0][rules.json ? 1 : 0];
  const std::size_t before = out.size();
  out.resize(before + longest * bytes.size() + copied);
  char* end = out.data() + before;
  while (!bytes.empty()) {
    std::size_t length = printable_length(bytes);
    if (length > 0) {
      end = std::copy_n(bytes.data(), length, end);
    } else {
      length = 1;
      const Notation& notation = notations[static_cast<unsigned char>(bytes.front())];
      std::memcpy(end, notation.text.data(), copied);
      end += notation.length;
    }
    bytes.remove_prefix(length);
  }
  out.resize(static_cast<std::size_t>(end - out.data()));
}

std::string escaped(std::string_view bytes, EscapeRules rules) {
  TextBuffer out;
  append_escaped(out, bytes, rules);
  return fmt::to_string(out);
}

std::size_t whole_characters(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes.size();
  // A character that spans the limit begins at most three bytes before it.
  for (std::size_t back = 1; back < Utf8::max_width && back <= limit; ++back) {
    const auto character = first_character(bytes.substr(limit - back));
    if (boost::locale::utf::is_valid_codepoint(character))
      return static_cast<std::size_t>(Utf8::width(character)) > back ? limit - back : limit;
  }
  return limit;
}

}  // namespace program
