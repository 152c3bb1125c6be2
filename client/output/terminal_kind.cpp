#include "client/output/terminal_kind.hpp"

#include <sys/ioctl.h>
#include <termcap.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace client {

namespace {

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

bool understands_escapes(int descriptor) {
  return terminal_has_escapes && ::isatty(descriptor) == 1;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return {.rows = known && size.ws_row > 0 ? size.ws_row : std::size_t{24},
          .columns = known && size.ws_col > 0 ? size.ws_col : std::size_t{80}};
}

}  // namespace client
