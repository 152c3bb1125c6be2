#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/output/rendering.hpp"
#include "client/terminal/line_layout.hpp"

namespace client {

/// Draws the prompt and the line that is typed at the bottom of a terminal that understands escape
/// sequences. Of a line that is longer than the screen it shows the rows around the cursor.
class LineDisplay {
 public:
  explicit LineDisplay(Style style) : style_(style) {}

  /// Draws them where the cursor is, or again where they are. The cursor is an index into the line.
  void draw(std::wstring_view prompt, std::wstring_view line, std::size_t cursor);
  /// Takes them away: the cursor is where they began.
  void erase();
  /// Leaves them where they are, and goes on beneath.
  void leave();

 private:
  struct Size {
    std::size_t rows;
    std::size_t columns;
  };
  static Size size_of_terminal();
  bool append(const LineLayout& layout, const Size& size);
  std::string back_to_begin() const;

  Style style_;
  bool shown_ = false;
  LineLayout layout_;
  std::size_t first_row_ = 0;  // that is on the screen
  // For a terminal whose size has changed since.
  std::size_t columns_ = 0;
  std::wstring prompt_;
  std::wstring line_;
  std::size_t cursor_ = 0;
};

}  // namespace client
