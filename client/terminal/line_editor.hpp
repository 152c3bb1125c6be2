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

/// libedit as a producer of lines. Its el_gets() returns when a line is complete, and blocks until
/// then. Here it runs in a generator: where it would wait for a key it yields to the consumer,
/// which resumes it with the next key when there is one:
///
///     for (auto event = editor.resume();;) {
///       if (auto* line = std::get_if<std::string>(&event)) return *line;
///       editor.show();
///       event = editor.resume(wait_for_key());
///     }
///
/// libedit only edits. Its output is discarded, because it crashes on lines that are longer than
/// the screen (3.1-20221030); LineDisplay draws the line instead. There is one terminal, so there
/// should be one editor.
class LineEditor {
 public:
  struct NeedsKey {};
  struct EndOfInput {};  ///< Ctrl-D on an empty line
  using Event = std::variant<NeedsKey, EndOfInput, std::string>;

  /// Returns the words that could stand at the end of a line; nothing if a Tab is text there.
  using Completer = std::function<std::optional<std::vector<std::string>>(std::string_view)>;

  /// Edits at the terminal that standard input and output are, whose modes remain the caller's.
  LineEditor(Style style, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// False if ~/.editrc turns editing off.
  bool is_wanted() const;

  /// Offers the lines of this history_w(3), which must outlive the editor.
  void use_history(HistoryW* history);

  void set_prompt(std::string_view prompt);

  /// Continues with a key that was typed, or a byte that was pasted. With nothing it begins a new
  /// line, and gives up the half-typed one.
  Event resume(std::optional<Stroke> key = {});
  /// Draws the prompt and the line, to be called when no more keys are there.
  void show();

  /// Removes the prompt and the half-typed line while this writes, and shows them again beneath.
  void write_above(const std::function<void()>& write);
  /// Leaves the half-typed line, if any, on the screen, with a mark, and moves beneath it.
  void end_line(std::string_view mark);
  /// Reads no further line. A key that is amid changing the terminal's modes, Ctrl-V, ends here.
  void leave();
  /// Moves beneath the half-typed line; show() shows it again.
  void leave_half_typed() { display_.leave(); }
  /// Forgets the half-typed line, and a search or another command that was not complete.
  void clear_line();

 private:
  using Lines = coro::Generator<Event, std::optional<Stroke>>;

  void produce(Lines::Yielder& yield);
  bool next_key(wchar_t& character);
  void take_paste_key_back();
  bool fill_keys();
  void insert(std::wstring_view characters);
  void make_room();
  void complete();

  Completer completer_;
  LineDisplay display_;
  std::wstring prompt_;
  bool beep_ = false;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere_;
  std::unique_ptr<EditLine, void (*)(EditLine*)> editor_;
  WideDecoder decoder_;
  std::deque<wchar_t> keys_;  // decoded, not yet taken by libedit
  bool pasting_ = false;
  bool paste_offered_ = false;  // the last key for libedit begins one
  bool searching_ = false;
  bool editing_ = false;  // a line is half-typed
  bool given_up_ = false;
  bool leaving_ = false;
  Lines::Yielder* yield_ = nullptr;
  coro::StackPool stacks_;
  Lines lines_;
};

}  // namespace client
