#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace client {

/// A prompt and a line as they stand on a screen. Unprintable characters are escaped as in replies
/// (client/output/rendering.hpp), control characters as ^A; tabs go to the next multiple of eight.
/// A line end within the line, which the editor has while it searches, begins a row.
struct LineLayout {
  struct Row {
    std::string prompt;     ///< the part of the prompt in this row
    std::string text;       ///< the part of the line
    std::size_t width = 0;  ///< columns of both
    bool wraps = false;     ///< full, so that the terminal itself moves to the next row

    bool operator==(const Row&) const = default;
  };

  std::vector<Row> rows;  ///< at least one; each is narrower than the screen unless it wraps
  std::size_t cursor_row = 0;
  std::size_t cursor_column = 0;
};

/// Lays them out for a screen of so many columns, at least 1. The cursor is an index into the line.
LineLayout lay_out(std::wstring_view prompt, std::wstring_view line, std::size_t cursor,
                   std::size_t columns);

}  // namespace client
