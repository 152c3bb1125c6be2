#pragma once

#include <histedit.h>

#include <cstdio>
#include <cwchar>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "coro/generator.hpp"

namespace client {

/// libedit as a producer of lines. Its el_gets() returns when a line is complete, and wants to
/// block until then; here it runs in a generator, and wherever it would wait for a key, it yields
/// to the consumer instead, who resumes it with the next key when there is one:
///
///     for (auto event = editor.begin();;) {
///       if (auto* line = std::get_if<std::string>(&event)) return *line;
///       event = editor.type(wait_for_key());
///     }
///
/// There is one terminal, so there should be one editor.
class LineEditor {
 public:
  struct NeedsKey {};
  struct EndOfInput {};  ///< Ctrl-D on an empty line
  using Event = std::variant<NeedsKey, EndOfInput, std::string>;

  /// Gives the words that could stand at the end of a line.
  using Completer = std::function<std::vector<std::string>(std::string_view)>;

  /// Edits on the terminal that these are open on.
  LineEditor(std::FILE* input, std::FILE* output, Completer completer);
  /// Gives the terminal back as it was.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  LineEditor(LineEditor&&) = delete;
  LineEditor& operator=(LineEditor&&) = delete;

  /// Lines that are remembered, as of history(3); must outlive the editor.
  void use_history(HistoryW* history);

  /// Shown from now on; what is between two \1 takes no room on the screen (colours).
  void set_prompt(std::string prompt);

  /// Shows the prompt and begins a new line.
  Event begin();
  /// Goes on with one byte typed.
  Event type(char key);

  /// Writes lines above the prompt and the half-typed line, which are drawn again beneath. The text
  /// ends with a line end; the stream is one that may, or may not, lead to the same terminal.
  void print(std::string_view text, std::FILE* stream);
  /// Leaves the half-typed line, if any, where it is and goes on beneath it.
  void end_line();
  /// Forgets the half-typed line.
  void clear_line();
  /// The terminal has another size.
  void resize();
  /// Gives the terminal back for the time that the process is stopped.
  void release_terminal();
  void take_terminal_again();

 private:
  using Key = std::optional<char>;  // nothing: leave
  using Lines = coro::Generator<Event, Key>;

  void produce(Lines::Yielder& yield);
  Event resume(Key key);
  void erase_from_screen();
  void complete();
  static LineEditor& of(EditLine* editor);
  static int next_character(EditLine* editor, wchar_t* character);
  static char* current_prompt(EditLine* editor);
  static unsigned char complete_word(EditLine* editor, int key);

  std::FILE* output_;
  Completer completer_;
  std::unique_ptr<EditLine, void (*)(EditLine*)> editor_;
  std::string prompt_;
  std::mbstate_t partial_character_{};
  bool editing_ = false;  // the prompt and a half-typed line are on the screen
  bool leaving_ = false;
  Lines::Yielder* yield_ = nullptr;
  Lines lines_;
};

}  // namespace client
