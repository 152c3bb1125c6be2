#pragma once

#include <histedit.h>

#include <cstdio>
#include <cwchar>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/terminal/bracketed_paste.hpp"
#include "client/terminal/line_display.hpp"
#include "client/terminal/wide_text.hpp"
#include "coro/generator.hpp"

namespace client {

/// libedit as a producer of lines. Its el_gets() returns when a line is complete, and wants to
/// block until then; here it runs in a generator, and wherever it would wait for a key, it yields
/// to the consumer instead, who resumes it with the next key when there is one:
///
///     for (auto event = editor.begin();;) {
///       if (auto* line = std::get_if<std::string>(&event)) return *line;
///       editor.show();
///       event = editor.type(wait_for_key());
///     }
///
/// It only edits: what it would write goes nowhere, because it crashes on lines that are longer
/// than the screen (3.1-20221030). What is on the terminal is drawn here. There is one terminal, so
/// there should be one editor.
class LineEditor {
 public:
  struct NeedsKey {};
  struct EndOfInput {};  ///< Ctrl-D on an empty line
  using Event = std::variant<NeedsKey, EndOfInput, std::string>;

  /// Gives the words that could stand at the end of a line; nothing if a Tab is text there.
  using Completer = std::function<std::optional<std::vector<std::string>>(std::string_view)>;

  /// Edits at the terminal that standard input and output are, whose modes remain the caller's.
  LineEditor(Style style, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  LineEditor(LineEditor&&) = delete;
  LineEditor& operator=(LineEditor&&) = delete;

  /// False if ~/.editrc wants no editing.
  bool is_wanted() const;

  /// Lines that are remembered, as of history_w(3); must outlive the editor.
  void use_history(HistoryW* history);

  /// Shown from now on.
  void set_prompt(std::string_view prompt);

  /// Begins a new line.
  Event begin();
  /// Goes on with what was typed or pasted.
  Event type(Stroke stroke);
  /// Draws what has been typed, when no more of it is there at once.
  void show();

  /// Takes the prompt and the half-typed line away while this writes, and shows them again beneath.
  void write_above(const std::function<void()>& write);
  /// Leaves the half-typed line, if any, where it is, with a mark, and goes on beneath it.
  void end_line(std::string_view mark);
  /// Goes on beneath the half-typed line, which is shown again by show().
  void leave_half_typed() { display_.leave(); }
  /// Forgets the half-typed line, and whatever the editor was in the middle of.
  void clear_line();

 private:
  using Key = std::optional<Stroke>;  // nothing: the line is given up
  using Lines = coro::Generator<Event, Key>;

  void produce(Lines::Yielder& yield);
  Event resume(Key key);
  bool next_key(wchar_t& character);
  void insert(std::wstring_view characters);
  void make_room();
  void draw(std::wstring_view line, std::size_t cursor);
  void complete();
  static LineEditor& of(EditLine* editor);
  static int next_character(EditLine* editor, wchar_t* character);
  static char* no_prompt(EditLine* editor);
  static unsigned char complete_word(EditLine* editor, std::wint_t key);
  static unsigned char begin_paste(EditLine* editor, std::wint_t key);

  Completer completer_;
  LineDisplay display_;
  std::wstring prompt_;
  bool beep_ = false;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere_;
  std::unique_ptr<EditLine, void (*)(EditLine*)> editor_;
  WideDecoder decoder_;
  std::deque<wchar_t> keys_;  // decoded, not yet taken by libedit
  bool pasting_ = false;
  bool editing_ = false;  // a line is half-typed
  bool given_up_ = false;
  bool leaving_ = false;
  Lines::Yielder* yield_ = nullptr;
  coro::StackPool stacks_;
  Lines lines_;
};

}  // namespace client
