#include "client/line_editor.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <utility>

#include "client/rendering.hpp"

namespace client {
namespace {

constexpr char invisible = '\1';  // encloses what takes no room

std::size_t columns_of(std::FILE* terminal) {
  winsize size{};
  const bool known = ::ioctl(::fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80U;
}

std::size_t visible_size(std::string_view prompt) {
  std::size_t size = 0;
  bool counts = true;
  for (const char c : prompt) {
    if (c == invisible) {
      counts = !counts;
    } else if (counts) {
      ++size;
    }
  }
  return size;
}

std::size_t common_prefix(const std::vector<std::string>& words) {
  const auto [first, last] = std::ranges::minmax_element(words);
  const auto ends = std::ranges::mismatch(*first, *last);
  return static_cast<std::size_t>(ends.in1 - first->begin());
}

}  // namespace

LineEditor::LineEditor(std::FILE* input, std::FILE* output, Completer completer)
    : output_(output),
      completer_(std::move(completer)),
      editor_(::el_init("coroecho-client", input, output, stderr), ::el_end),
      lines_([this](Lines::Yielder& yield, Key) { produce(yield); }) {
  if (!editor_) throw std::runtime_error("the terminal cannot be used for editing");
  auto* const editor = editor_.get();
  ::el_set(editor, EL_CLIENTDATA, this);
  ::el_set(editor, EL_GETCFN, next_character);
  ::el_set(editor, EL_PROMPT_ESC, current_prompt, invisible);
  ::el_set(editor, EL_EDITOR, "emacs");
  ::el_set(editor, EL_ADDFN, "complete-word", "Complete the word", complete_word);
  ::el_set(editor, EL_BIND, "^I", "complete-word", nullptr);
  ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  ::el_source(editor, nullptr);  // ~/.editrc
}

LineEditor::~LineEditor() {
  leaving_ = true;
  if (!lines_.done() && yield_ != nullptr) lines_.resume(Key());
}

void LineEditor::use_history(HistoryW* history) {
  ::el_wset(editor_.get(), EL_HIST, ::history_w, history);
}

// ---- the producer

void LineEditor::produce(Lines::Yielder& yield) {
  yield_ = &yield;
  while (!leaving_) {
    int size = 0;
    const char* const line = ::el_gets(editor_.get(), &size);
    if (line != nullptr) {
      std::string_view text(line);
      if (text.ends_with('\n')) text.remove_suffix(1);
      yield(std::string(text));
    } else if (size == 0) {
      yield(EndOfInput{});
    }
  }
}

// Called by libedit, inside the generator, when it wants a key.
int LineEditor::next_character(EditLine* editor, wchar_t* character) {
  auto& self = of(editor);
  for (;;) {
    const Key key = (*self.yield_)(NeedsKey{});
    if (!key) return 0;
    const auto size = std::mbrtowc(character, &*key, 1, &self.partial_character_);
    const bool is_complete = size == 0 || size == 1;
    if (is_complete) return 1;
    const bool is_invalid = size == static_cast<std::size_t>(-1);
    if (is_invalid) self.partial_character_ = {};
  }
}

LineEditor::Event LineEditor::begin() {
  return resume(Key());
}

LineEditor::Event LineEditor::type(char key) {
  return resume(key);
}

LineEditor::Event LineEditor::resume(Key key) {
  auto event = lines_.resume(key);
  if (!event) return EndOfInput{};
  editing_ = std::holds_alternative<NeedsKey>(*event);
  return std::move(*event);
}

// ---- the screen

void LineEditor::set_prompt(std::string prompt) {
  if (editing_) erase_from_screen();
  prompt_ = std::move(prompt);
  if (editing_) ::el_set(editor_.get(), EL_REFRESH);
}

void LineEditor::print(std::string_view text, std::FILE* stream) {
  if (editing_) erase_from_screen();
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
  if (editing_) ::el_set(editor_.get(), EL_REFRESH);
}

void LineEditor::erase_from_screen() {
  const auto* const line = ::el_wline(editor_.get());
  const std::wstring_view before(line->buffer,
                                 static_cast<std::size_t>(line->cursor - line->buffer));
  const auto rows = rows_above_cursor(visible_size(prompt_), before, columns_of(output_));
  if (rows > 0) fmt::print(output_, "\033[{}A", rows);
  fmt::print(output_, "\r\033[J");
  std::fflush(output_);
}

void LineEditor::end_line() {
  editing_ = false;
  fmt::print(output_, "\n");
  std::fflush(output_);
}

void LineEditor::clear_line() {
  if (!editing_) return;
  erase_from_screen();
  ::el_cursor(editor_.get(), SHRT_MAX);  // to the end
  const auto* const line = ::el_wline(editor_.get());
  ::el_deletestr(editor_.get(), static_cast<int>(line->lastchar - line->buffer));
  ::el_set(editor_.get(), EL_REFRESH);
}

void LineEditor::resize() {
  if (editing_) erase_from_screen();
  ::el_resize(editor_.get());
  if (editing_) ::el_set(editor_.get(), EL_REFRESH);
}

void LineEditor::release_terminal() {
  fmt::print(output_, "\n");
  std::fflush(output_);
  ::el_set(editor_.get(), EL_PREP_TERM, 0);
}

void LineEditor::take_terminal_again() {
  ::el_set(editor_.get(), EL_PREP_TERM, 1);
  if (editing_) ::el_set(editor_.get(), EL_REFRESH);
}

// ---- called by libedit

LineEditor& LineEditor::of(EditLine* editor) {
  void* self = nullptr;
  ::el_get(editor, EL_CLIENTDATA, &self);
  return *static_cast<LineEditor*>(self);
}

char* LineEditor::current_prompt(EditLine* editor) {
  return of(editor).prompt_.data();
}

unsigned char LineEditor::complete_word(EditLine* editor, int /*key*/) {
  of(editor).complete();
  return CC_REFRESH;
}

void LineEditor::complete() {
  const auto* const info = ::el_line(editor_.get());
  const std::string before(info->buffer, info->cursor);
  const auto words = completer_(before);
  if (words.empty()) return ::el_beep(editor_.get());
  // The words replace the last one typed; what they all begin with is inserted as far as it is not
  // typed yet.
  const auto prefix = words.front().substr(0, common_prefix(words));
  std::size_t typed = std::min(prefix.size(), before.size());
  while (typed > 0 && !before.ends_with(prefix.substr(0, typed)))
    --typed;
  auto rest = prefix.substr(typed);
  if (words.size() == 1 && !prefix.ends_with('/')) rest += ' ';
  if (!rest.empty()) {
    ::el_insertstr(editor_.get(), rest.c_str());
  } else {
    print(fmt::format("{}\n", fmt::join(words, "  ")), output_);
  }
}

}  // namespace client
