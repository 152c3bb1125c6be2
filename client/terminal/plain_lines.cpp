#include "client/terminal/plain_lines.hpp"

#include <utility>

#include "client/output/output.hpp"

namespace client {

void PlainLines::begin() {
  begun_ = true;
  print(prompt_);
}

std::optional<std::string> PlainLines::take(char byte) {
  if (byte != '\n') {
    line_ += byte;
    return std::nullopt;
  }
  begun_ = false;  // the kernel has moved to the next row
  return std::exchange(line_, {});
}

std::optional<std::string> PlainLines::end_of_input() {
  end_line();
  if (line_.empty()) return std::nullopt;
  return std::exchange(line_, {});
}

void PlainLines::write_above(const std::function<void()>& write) {
  const bool begun = begun_;
  end_line();
  write();
  if (begun) begin();
}

void PlainLines::end_line() {
  if (std::exchange(begun_, false)) print("\n");
}

void PlainLines::clear_line() {
  line_.clear();
  write_above([] {});
}

}  // namespace client
