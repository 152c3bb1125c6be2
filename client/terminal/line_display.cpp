#include "client/terminal/line_display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/rendering.hpp"

namespace client {
namespace {

// Moves the cursor: A is up, C is right (ECMA-48).
std::string move(std::size_t by, char direction) {
  return by == 0 ? std::string() : fmt::format("\033[{}{}", by, direction);
}

std::string text_of(std::span<const LineLayout::Row> rows, const Style& style) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (!row.prompt.empty()) text += style.bold(row.prompt);
    text += row.text;
    const bool next_is_by_itself = row.wraps && i + 1 < rows.size() && rows[i + 1].width > 0;
    if (i + 1 < rows.size() && !next_is_by_itself) text += "\r\n";
  }
  return text;
}

bool at_end(const LineLayout& layout) {
  return layout.cursor_row + 1 == layout.rows.size() &&
         layout.cursor_column == layout.rows.back().width;
}

}  // namespace

void LineDisplay::draw(std::wstring_view prompt, std::wstring_view line, std::size_t cursor) {
  const auto size = terminal_size(STDOUT_FILENO);
  auto layout = lay_out(prompt, line, cursor, size.columns);
  if (!append(layout, size.columns)) {
    auto text = back_to_begin() + "\033[J";
    const auto shown = std::min(layout.rows.size(), size.rows);
    first_row_ = std::min(layout.cursor_row - std::min(layout.cursor_row, shown - 1),
                          layout.rows.size() - shown);
    text += text_of(std::span(layout.rows).subspan(first_row_, shown), style_);
    text += move(first_row_ + shown - 1 - layout.cursor_row, 'A') + '\r' +
            move(layout.cursor_column, 'C');
    client::print(text);
  }
  layout_ = std::move(layout);
  shown_ = true;
  columns_ = size.columns;
  prompt_ = prompt;
  line_ = line;
  cursor_ = cursor;
}

// Mostly a character is typed at the end of a row. Then only that is written, for the sake of a
// slow line.
bool LineDisplay::append(const LineLayout& layout, std::size_t columns) {
  if (!shown_ || columns_ != columns || layout.rows.size() != layout_.rows.size()) return false;
  const auto& before = layout_.rows.back();
  const auto& after = layout.rows.back();
  const bool only_more = after.text.starts_with(before.text) && after.prompt == before.prompt &&
                         (before.text.empty() || after.width > before.width);
  const bool same_above =
      std::equal(layout.rows.begin(), layout.rows.end() - 1, layout_.rows.begin());
  if (!at_end(layout_) || !at_end(layout) || !only_more || !same_above) return false;
  client::print(std::string_view(after.text).substr(before.text.size()));
  return true;
}

// A terminal that has become wider or narrower has wrapped the rows anew.
std::string LineDisplay::back_to_begin() const {
  if (!shown_) return {};
  const auto columns = terminal_size(STDOUT_FILENO).columns;
  const auto row = columns == columns_ ? layout_.cursor_row
                                       : lay_out(prompt_, line_, cursor_, columns).cursor_row;
  return move(row - std::min(row, first_row_), 'A') + '\r';
}

void LineDisplay::erase() {
  if (!shown_) return;
  client::print(back_to_begin() + "\033[J");
  shown_ = false;
}

void LineDisplay::leave() {
  if (!shown_) return;
  draw(prompt_, line_, line_.size());
  const bool is_beneath = layout_.rows.size() > 1 && layout_.rows.back().width == 0;
  client::print(is_beneath ? "" : "\r\n");
  shown_ = false;
}

}  // namespace client
