#include "client/output/rendering.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termcap.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cwchar>
#include <cwctype>

#include "program/invisible.hpp"

namespace client {
namespace {

constexpr std::size_t bytes_per_row = 16;

std::string escaped_byte(char byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
}

bool is_printable(char byte) {
  return byte >= 0x20 && byte < 0x7f;
}

bool has_escapes(const char* name) {
  if (name == nullptr) return false;
  std::array<char, 4096> entry{};
  std::array<char, 4096> area{};
  char* end = area.data();
  if (::tgetent(entry.data(), name) != 1) return false;
  const char* const clear_to_end = ::tgetstr("cd", &end);
  return clear_to_end != nullptr && std::string_view(clear_to_end).starts_with("\033[");
}

bool has_terminal() {
  return ::isatty(STDOUT_FILENO) == 1 || ::isatty(STDERR_FILENO) == 1;
}

// Before main(), for it takes more stack than a coroutine has.
const bool terminal_has_escapes = has_terminal() && has_escapes(std::getenv("TERM"));

}  // namespace

bool is_shown(wchar_t character) {
  return std::iswprint(static_cast<std::wint_t>(character)) != 0 &&
         !program::is_invisible(static_cast<char32_t>(character));
}

std::string escaped(std::string_view bytes) {
  std::string text;
  std::mbstate_t state{};
  while (!bytes.empty()) {
    wchar_t character = 0;
    const auto size = std::mbrtowc(&character, bytes.data(), bytes.size(), &state);
    const bool is_character = size > 0 && size <= bytes.size();
    if (is_character && is_shown(character)) {
      text.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
    } else {
      text += escaped_byte(bytes.front());
      bytes.remove_prefix(1);
      state = {};
    }
  }
  return text;
}

std::string hex_dump(std::string_view bytes) {
  std::string text;
  for (std::size_t offset = 0; offset < bytes.size(); offset += bytes_per_row) {
    std::string hex;
    std::string characters;
    for (const char byte : bytes.substr(offset, bytes_per_row)) {
      if (characters.size() == bytes_per_row / 2) hex += ' ';
      hex += fmt::format("{:02x} ", static_cast<unsigned char>(byte));
      characters += is_printable(byte) ? byte : '.';
    }
    text += fmt::format("{:08x}  {:<49} |{}|\n", offset, hex, characters);
  }
  return text;
}

bool understands_escapes(int descriptor) {
  return terminal_has_escapes && ::isatty(descriptor) == 1;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return {.rows = known && size.ws_row > 0 ? size.ws_row : std::size_t{24},
          .columns = known && size.ws_col > 0 ? size.ws_col : std::size_t{80}};
}

std::string bar_line(double share, std::string_view figures, std::size_t widest,
                     std::size_t width) {
  constexpr std::size_t narrowest = 10;
  const auto beside = figures.size() + std::string_view("[] ").size() + 1;  // one stays free
  const auto room = width > beside ? width - beside : 0;
  if (room < narrowest) return std::string(figures.substr(0, width));
  const auto length = std::min(room, widest);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
  return fmt::format("[{:<{}}] {}", std::string(filled, '#'), length, figures);
}

Style Style::of(int descriptor) {
  const char* const no_color = std::getenv("NO_COLOR");
  const bool unwanted = no_color != nullptr && *no_color != '\0';
  return Style(!unwanted && understands_escapes(descriptor));
}

std::string Style::wrap(std::string_view code, std::string_view text) const {
  return coloured_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

}  // namespace client
