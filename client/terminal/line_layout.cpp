#include "client/terminal/line_layout.hpp"

#include <algorithm>
#include <cwchar>

#include "client/output/rendering.hpp"
#include "client/terminal/wide_text.hpp"

namespace client {
namespace {

constexpr std::size_t tab_width = 8;

class Builder {
 public:
  explicit Builder(std::size_t columns) : columns_(columns) {}

  void add(wchar_t character, bool of_prompt) {
    if (character == L'\n') return begin_row();
    if (character == L'\t') {
      const auto width = tab_width - row().width % tab_width;
      return add_each(std::string(std::min(width, columns_), ' '), of_prompt);
    }
    if (is_shown(character)) return add_shown(character, of_prompt);
    if (character < L' ') return add_each({'^', static_cast<char>(character + '@')}, of_prompt);
    add_each(escaped(narrowed({&character, 1})), of_prompt);
  }

  void mark_cursor() {
    layout_.cursor_row = layout_.rows.size() - 1;
    layout_.cursor_column = row().width;
  }

  LineLayout finish() && { return std::move(layout_); }

 private:
  LineLayout::Row& row() { return layout_.rows.back(); }
  void begin_row() { layout_.rows.emplace_back(); }

  void add_shown(wchar_t character, bool of_prompt) {
    const auto width = static_cast<std::size_t>(std::max(::wcwidth(character), 0));
    if (width > columns_) return put("?", 1, of_prompt);
    if (row().width + width > columns_) begin_row();  // a wide one does not fit any more
    put(narrowed({&character, 1}), width, of_prompt);
  }

  void add_each(const std::string& characters, bool of_prompt) {
    for (const char c : characters)
      put({&c, 1}, 1, of_prompt);
  }

  void put(std::string_view text, std::size_t width, bool of_prompt) {
    (of_prompt ? row().prompt : row().text) += text;
    row().width += width;
    row().wraps = row().width == columns_;
    if (row().wraps) begin_row();
  }

  std::size_t columns_;
  LineLayout layout_{.rows = {{}}};
};

}  // namespace

LineLayout lay_out(std::wstring_view prompt, std::wstring_view line, std::size_t cursor,
                   std::size_t columns) {
  Builder builder(columns);
  for (const wchar_t character : prompt)
    builder.add(character, true);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i == cursor) builder.mark_cursor();
    builder.add(line[i], false);
  }
  if (cursor >= line.size()) builder.mark_cursor();
  return std::move(builder).finish();
}

}  // namespace client
