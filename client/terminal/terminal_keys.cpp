#include "client/terminal/terminal_keys.hpp"

#include <fmt/format.h>

#include <string>

namespace client {

// libedit takes what it does not know of a sequence as text: the Insert key would type a tilde.
// So the keys of xterm, with and without Shift, Alt and Control, that edit nothing are ignored.
// Home and End are bound as PuTTY and rxvt send them, too.
void bind_keys_of_terminals(EditLine* editor) {
  const auto bind = [&](const std::string& key, const char* function) {
    ::el_set(editor, EL_BIND, key.c_str(), function, nullptr);
  };
  constexpr const char* nothing = "ed-ignore";
  for (const int number :
       {2, 5, 6, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34})
    bind(fmt::format("\\e[{}~", number), nothing);
  for (const int number : {1, 7})
    bind(fmt::format("\\e[{}~", number), "ed-move-to-beg");
  for (const int number : {4, 8})
    bind(fmt::format("\\e[{}~", number), "ed-move-to-end");
  for (const std::string key : {"OP", "OQ", "OR", "OS", "[[A", "[[B", "[[C", "[[D", "[[E", "[Z"})
    bind("\\e" + key, nothing);
  for (int modifiers = 2; modifiers <= 8; ++modifiers) {
    for (const int number : {2, 3, 5, 6, 15, 17, 18, 19, 20, 21, 23, 24})
      bind(fmt::format("\\e[{};{}~", number, modifiers), nothing);
    for (const char key : {'A', 'B', 'H', 'F', 'P', 'Q', 'R', 'S'})
      bind(fmt::format("\\e[1;{}{}", modifiers, key), nothing);
    bind(fmt::format("\\e[1;{}C", modifiers), "em-next-word");
    bind(fmt::format("\\e[1;{}D", modifiers), "ed-prev-word");
  }
}

}  // namespace client
