#include "server/escape.hpp"

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>

namespace server {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

struct Range {
  boost::locale::utf::code_point first;
  boost::locale::utf::code_point last;
};

// Unicode 14, categories Cc, Cf, Zl and Zp, from U+0080.
constexpr std::array unprintable = {
    Range{0x80, 0x9F},       Range{0xAD, 0xAD},       Range{0x600, 0x605},
    Range{0x61C, 0x61C},     Range{0x6DD, 0x6DD},     Range{0x70F, 0x70F},
    Range{0x890, 0x891},     Range{0x8E2, 0x8E2},     Range{0x180E, 0x180E},
    Range{0x200B, 0x200F},   Range{0x2028, 0x202E},   Range{0x2060, 0x2064},
    Range{0x2066, 0x206F},   Range{0xFEFF, 0xFEFF},   Range{0xFFF9, 0xFFFB},
    Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x13438},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0001, 0xE0001},
    Range{0xE0020, 0xE007F},
};

// ASCII that is itself under all rules.
constexpr bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// The character that `bytes` begin with; Utf8 says illegal or incomplete if it is none.
boost::locale::utf::code_point first_character(std::string_view bytes) {
  const char* position = bytes.data();
  return Utf8::decode(position, bytes.data() + bytes.size());
}

// The bytes of the printable, not ASCII character that `bytes` begin with; 0 if there is none.
std::size_t printable_length(std::string_view bytes) {
  const auto character = first_character(bytes);
  if (!boost::locale::utf::is_valid_codepoint(character)) {
    return 0;
  }
  const auto* range =
      std::lower_bound(unprintable.begin(), unprintable.end(), character,
                       [](const Range& candidate, auto value) { return candidate.last < value; });
  if (range != unprintable.end() && character >= range->first) {
    return 0;
  }
  return static_cast<std::size_t>(Utf8::width(character));
}

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

// One backslash of the notation; JSON in turn escapes each with another.
void append_backslash(spdlog::memory_buf_t& out, EscapeRules rules) {
  append(out, rules.json ? R"(\\)" : R"(\)");
}

void append_byte(spdlog::memory_buf_t& out, char byte, EscapeRules rules) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  append_backslash(out, rules);
  switch (byte) {
    case '\n':
      return out.push_back('n');
    case '\r':
      return out.push_back('r');
    case '\t':
      return out.push_back('t');
    default:
      out.push_back('x');
      out.push_back(digits[value >> 4U]);
      out.push_back(digits[value & 0xFU]);
  }
}

void append_quote_or_backslash(spdlog::memory_buf_t& out, char byte, EscapeRules rules) {
  if (rules.quoted) {
    append_backslash(out, rules);
  }
  if (rules.json) {
    out.push_back('\\');
  }
  out.push_back(byte);
}

}  // namespace

void append_escaped(spdlog::memory_buf_t& out, std::string_view bytes, EscapeRules rules) {
  while (!bytes.empty()) {
    const auto* special = std::find_if_not(bytes.begin(), bytes.end(), is_plain);
    auto length = static_cast<std::size_t>(special - bytes.begin());
    if (length == 0 && !is_ascii(bytes.front())) {
      length = printable_length(bytes);
    }
    if (length > 0) {
      append(out, bytes.substr(0, length));
    } else if (length = 1; bytes.front() == '"' || bytes.front() == '\\') {
      append_quote_or_backslash(out, bytes.front(), rules);
    } else {
      append_byte(out, bytes.front(), rules);
    }
    bytes.remove_prefix(length);
  }
}

std::size_t whole_characters(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) {
    return bytes.size();
  }
  // A character that spans the limit begins at most three bytes before it.
  for (std::size_t back = 1; back < Utf8::max_width && back <= limit; ++back) {
    const auto character = first_character(bytes.substr(limit - back));
    if (boost::locale::utf::is_valid_codepoint(character)) {
      return static_cast<std::size_t>(Utf8::width(character)) > back ? limit - back : limit;
    }
  }
  return limit;
}

}  // namespace server
