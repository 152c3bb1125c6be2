#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace client {

/// A prompt and a line as they stand on a screen. What is not printable is escaped as in replies
/// (client/output/rendering.hpp), control characters as ^A, tabs go to the next multiple of eight;
/// a line end within the line begins a row, as the editor has it while it searches.
struct LineLayout {
  struct Row {
    std::string prompt;     ///< what it has of the prompt
    std::string text;       ///< and of the line
    std::size_t width = 0;  ///< columns of both
    bool wraps = false;     ///< is full, so that the terminal goes to the next row by itself
  };

  std::vector<Row> rows;  ///< at least one, each narrower than the screen unless it wraps
  std::size_t cursor_row = 0;
  std::size_t cursor_column = 0;
};

/// For a screen of so many columns, at least 1.
LineLayout lay_out(std::wstring_view prompt, std::wstring_view line, std::size_t cursor,
                   std::size_t columns);

}  // namespace client
