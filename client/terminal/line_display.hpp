#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/output/rendering.hpp"
#include "client/terminal/line_layout.hpp"

namespace client {

/// Draws the prompt and the half-typed line at the bottom of a terminal that understands escape
/// sequences. Of a line that is longer than the screen it shows the rows around the cursor.
class LineDisplay {
 public:
  explicit LineDisplay(Style style) : style_(style) {}

  /// Draws them where the terminal's cursor is, or redraws them. `cursor` is an index into the
  /// line.
  void draw(std::wstring_view prompt, std::wstring_view line, std::size_t cursor);
  /// Removes them, and leaves the terminal's cursor where they began.
  void erase();
  /// Leaves them on the screen, and moves beneath them.
  void leave();

 private:
  bool append(const LineLayout& layout, std::size_t columns);
  std::string back_to_begin() const;

  Style style_;
  bool shown_ = false;
  LineLayout layout_;
  std::size_t first_row_ = 0;  // of the layout, on the screen
  // For a layout anew when the terminal's size has changed.
  std::size_t columns_ = 0;
  std::wstring prompt_;
  std::wstring line_;
  std::size_t cursor_ = 0;
};

}  // namespace client
