// Any bytes as what is typed, pasted, remembered and shown at a terminal: a line is sent as it was
// typed, a paste begins and ends where the terminal says, a remembered line comes back, and nothing
// that is shown controls a terminal.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cwchar>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "client/conversation/command.hpp"
#include "client/output/rendering.hpp"
#include "client/terminal/bracketed_paste.hpp"
#include "client/terminal/line_history.hpp"
#include "client/terminal/line_layout.hpp"
#include "client/terminal/wide_text.hpp"
#include "coro/descriptor.hpp"
#include "program/escape.hpp"
#include "program/invisible.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using fuzz::is_one_line;
using fuzz::require;
using nlohmann::json;

// Also valid UTF-8 without what is invisible.
void require_harmless(std::string_view text) {
  require(is_one_line(text), "nothing shown is a control", text);
  const char* position = text.data();
  while (position != text.data() + text.size()) {
    const auto character =
        boost::locale::utf::utf_traits<char>::decode(position, text.data() + text.size());
    require(boost::locale::utf::is_valid_codepoint(character), "what is shown is UTF-8", text);
    require(!program::is_invisible(character), "what is shown can be seen", text);
  }
}

std::string unescaped(std::string_view text) {
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(1)) {
    bytes += text.front();
    if (text.front() != '\\') continue;
    text.remove_prefix(1);
    switch (text.front()) {
      case 'n':
        bytes.back() = '\n';
        break;
      case 'r':
        bytes.back() = '\r';
        break;
      case 't':
        bytes.back() = '\t';
        break;
      case 'x':
        bytes.back() = static_cast<char>(std::stoi(std::string(text.substr(1, 2)), nullptr, 16));
        text.remove_prefix(2);
        break;
      default:
        bytes.back() = text.front();
    }
  }
  return bytes;
}

void check_escaping(const std::string& bytes) {
  for (const bool quoted : {false, true}) {
    const std::string text = program::escaped(bytes, {.quoted = quoted, .json = false});
    require_harmless(text);
    require(!quoted || unescaped(text) == bytes, "each text stands for one sequence of bytes",
            text);
    const std::string in_json = program::escaped(bytes, {.quoted = quoted, .json = true});
    require_harmless(in_json);
    require(json::parse('"' + in_json + '"') == text, "JSON has the same text", in_json);
  }
  std::string whole(program::escaped_room(bytes.size()), '\0');
  const char* const end = program::write_json(whole.data(), bytes);
  if (end != nullptr) {
    whole.resize(static_cast<std::size_t>(end - whole.data()));
    require_harmless(whole);
    require(json::parse('"' + whole + '"') == bytes, "JSON has the same bytes", whole);
  }
  const std::string dumped = json(bytes).dump(-1, ' ', false, json::error_handler_t::replace);
  require((end != nullptr) == (json::parse(dumped) == bytes), "JSON has all that is UTF-8");
  require_harmless(client::escaped(bytes));
}

// The strokes for these bytes, as text with < and > for the begin and the end of a paste.
std::string strokes_of(std::string_view bytes) {
  std::string text;
  bool pasting = false;
  while (!bytes.empty()) {
    const bool begins = !pasting && bytes.starts_with(client::BracketedPaste::begin);
    const bool ends = bytes.starts_with(client::BracketedPaste::end);
    if (begins || pasting != (pasting && !ends)) text += begins ? '<' : '>';
    if (begins || ends)
      pasting = begins;
    else
      text += {pasting ? 'p' : 't', bytes.front()};
    bytes.remove_prefix(begins || ends ? client::BracketedPaste::end.size() : 1);
  }
  return text;
}

void check_paste(std::string_view bytes) {
  client::BracketedPaste paste;
  std::deque<client::Stroke> strokes;
  for (const char byte : bytes)
    paste.take(byte, strokes);
  for (const char byte : std::string_view("x"))  // ends a sequence that is not complete
    paste.take(byte, strokes);
  std::string text;
  for (const auto& stroke : strokes) {
    using enum client::Stroke::Kind;
    if (stroke.kind == paste_begins) text += '<';
    if (stroke.kind == paste_ends) text += '>';
    if (stroke.kind == typed) text += {'t', stroke.byte};
    if (stroke.kind == pasted) text += {'p', stroke.byte};
  }
  require(text == strokes_of(std::string(bytes) + "x"), "a paste is what is between its ends",
          text);
}

void check_layout(const std::wstring& line, std::size_t columns, std::size_t cursor) {
  const auto layout = client::lay_out(L"> ", line, cursor, columns);
  require(layout.cursor_row < layout.rows.size(), "the cursor is in a row");
  require(layout.cursor_column < columns, "the cursor is on the screen");
  for (const auto& row : layout.rows) {
    require_harmless(row.prompt + row.text);
    std::size_t width = 0;
    for (const wchar_t character : client::widened(row.prompt + row.text))
      width += static_cast<std::size_t>(::wcwidth(character));
    require(row.width == width && width <= columns, "a row fits on the screen", row.text);
    require(row.wraps == (width == columns), "a full row wraps", row.text);
  }
}

void check_command(const std::string& line) {
  const auto [kind, argument] = client::parse_command(line);
  const bool is_text = !line.starts_with(':') || line.starts_with("::");
  require((kind == client::Command::Kind::text) == is_text, "one colon is a command", line);
  require(!is_text || argument == line.substr(line.starts_with(':') ? 1 : 0), "text is sent", line);
  require(is_text || line.find(argument) != std::string::npos, "an argument was typed", line);
}

// The file has its header and then the bytes. A line that is added comes back as the last one.
void check_history(std::string_view bytes, const std::string& line) {
  const coro::Descriptor file(::memfd_create("history", MFD_CLOEXEC));
  const std::string contents = fmt::format("_HiStOrY_V2_\n{}", bytes);
  require(::write(file.number(), contents.data(), contents.size()) ==
              static_cast<ssize_t>(contents.size()),
          "there is memory");
  const auto path = fmt::format("/proc/self/fd/{}", file.number());
  client::LineHistory history(path);
  history.add(line);
  if (!history.save() || line.empty()) return;
  const auto lines = client::read_history(path);
  require(lines.has_value() && !lines->empty(), "what was saved can be read");
  require(lines->back() == line, "a line comes back as it was", line);
  require(lines->size() <= client::remembered_lines, "no more than some lines are kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
  require(locale != nullptr, "there is a locale");
  const std::string bytes(data, data + size);
  const std::string line = bytes.substr(0, bytes.find_first_of(std::string_view("\0\n", 2)));
  const std::wstring wide = client::widened(bytes);
  require(client::narrowed(wide) == bytes, "a line is sent as it was typed", bytes);
  check_escaping(bytes);
  check_paste(bytes);
  check_layout(wide, 1 + size % 90, size / 2);
  check_command(line);
  check_history(bytes, line);
  return 0;
}
