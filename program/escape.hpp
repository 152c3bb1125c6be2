#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

/// Received bytes as text that can forge no log line and do nothing to a terminal.
namespace program {

/// The same as spdlog formats into.
using TextBuffer = fmt::basic_memory_buffer<char, 250>;

struct EscapeRules {
  /// `"` and `\` are escaped too, so that the result may stand between quotes and no two
  /// sequences of bytes have the same.
  bool quoted = true;
  /// The result is written for the inside of a JSON string (RFC 8259): a strict parser gets back
  /// the result without this.
  bool json = false;
};

/// Appends `bytes`: printable ASCII and UTF-8 as they are, newline, carriage return and tab as \n
/// \r \t, and every byte of anything else as \xNN: control characters (C0, DEL, C1), whatever is
/// invisible (program/invisible.hpp), and whatever is not UTF-8 (RFC 3629). The result is valid
/// UTF-8.
void append_escaped(TextBuffer& out, std::string_view bytes, EscapeRules rules = {});

/// The same into memory with escaped_room() for the bytes. Returns the end of what was written;
/// memory behind that end may have changed too.
char* write_escaped(char* end, std::string_view bytes, EscapeRules rules = {});

/// Writes bytes for the inside of a JSON string, so that a parser gets back the same bytes: with
/// JSON's own escapes, and \\uNNNN for all that controls a terminal or is invisible. Returns null
/// if the bytes are not UTF-8, which JSON cannot have.
char* write_json(char* end, std::string_view bytes);

/// Two hexadecimal digits for each byte.
char* write_hex(char* end, std::string_view bytes);

/// The memory that these may use for so many bytes: each may become \\u001f, and whole blocks are
/// copied.
constexpr std::size_t escaped_room(std::size_t size) {
  return 6 * size + 16;
}

/// The same as a text of its own.
std::string escaped(std::string_view bytes, EscapeRules rules = {});

/// How many of `bytes` to show so that at most `limit` are shown and no UTF-8 character is cut.
inline std::size_t whole_characters(std::string_view bytes, std::size_t limit) {
  std::size_t whole_characters_of_more(std::string_view bytes, std::size_t limit);
  return bytes.size() <= limit ? bytes.size() : whole_characters_of_more(bytes, limit);
}

}  // namespace program
