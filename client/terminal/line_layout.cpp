#include "client/terminal/line_layout.hpp"

#include <algorithm>
#include <cwchar>

#include "client/output/rendering.hpp"
#include "client/terminal/wide_text.hpp"

namespace client {
namespace {

constexpr std::size_t tab_width = 8;

using Row = LineLayout::Row;

class Builder {
 public:
  explicit Builder(std::size_t columns) : columns_(columns) {}

  // `part` is the row's prompt or text.
  void add(wchar_t character, std::string Row::*part) {
    if (character == L'\n') return begin_row();
    if (is_shown(character)) {
      const auto width = static_cast<std::size_t>(std::max(::wcwidth(character), 0));
      if (width > columns_) return put("?", 1, part);
      if (row().width + width > columns_) begin_row();  // no room left for a wide one
      return put(narrowed({&character, 1}), width, part);
    }
    std::string text;
    if (character == L'\t')
      text.assign(std::min(tab_width - row().width % tab_width, columns_), ' ');
    else if (character < L' ')
      text = {'^', static_cast<char>(character + '@')};
    else
      text = escaped(narrowed({&character, 1}));
    for (const char c : text)
      put({&c, 1}, 1, part);
  }

  void mark_cursor() {
    layout_.cursor_row = layout_.rows.size() - 1;
    layout_.cursor_column = row().width;
  }

  LineLayout finish() && { return std::move(layout_); }

 private:
  Row& row() { return layout_.rows.back(); }
  void begin_row() { layout_.rows.emplace_back(); }

  void put(std::string_view text, std::size_t width, std::string Row::*part) {
    row().*part += text;
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
    builder.add(character, &Row::prompt);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i == cursor) builder.mark_cursor();
    builder.add(line[i], &Row::text);
  }
  if (cursor >= line.size()) builder.mark_cursor();
  return std::move(builder).finish();
}

}  // namespace client
