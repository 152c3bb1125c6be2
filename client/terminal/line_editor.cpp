#include "client/terminal/line_editor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/rendering.hpp"
#include "client/terminal/terminal_keys.hpp"

namespace client {
namespace {

// libedit's search calls itself for each character of the pattern, which may have a thousand.
constexpr std::size_t stack_size = std::size_t{512} << 10U;

// Begins a paste, for libedit: one of its keys that no text contains, see wide_text.hpp.
constexpr wchar_t paste_key = 0x9d;

// Ends a search, and edits nothing: another of these keys.
constexpr wchar_t search_end_key = 0x9e;

constexpr wchar_t escape = 0x1b;

constexpr wchar_t control(char letter) {
  return letter - '@';
}

// Whether libedit searches on after this key, if it was searching before.
bool is_of_search(wchar_t key, bool searching) {
  if (key == control('R') || key == control('S')) return true;
  if (!searching || key == paste_key || key == search_end_key) return false;
  return key >= L' ' || key == control('H') || key == control('W');
}

// Discards what libedit writes, but notes whether it beeps.
std::FILE* open_nowhere(bool& beep) {
  const auto write = [](void* cookie, const char* bytes, std::size_t size) {
    if (std::memchr(bytes, '\a', size) != nullptr) *static_cast<bool*>(cookie) = true;
    return static_cast<ssize_t>(size);
  };
  return ::fopencookie(&beep, "w",
                       {.read = nullptr, .write = write, .seek = nullptr, .close = nullptr});
}

std::wstring_view whole_line(EditLine* editor) {
  const auto* const line = ::el_wline(editor);
  return {line->buffer, static_cast<std::size_t>(line->lastchar - line->buffer)};
}

std::wstring_view before_cursor(EditLine* editor) {
  const auto* const line = ::el_wline(editor);
  return {line->buffer, static_cast<std::size_t>(line->cursor - line->buffer)};
}

// Only if ~/.editrc is a regular file: opening a FIFO would block.
void read_settings(EditLine* editor) {
  const char* const named = std::getenv("EDITRC");
  const char* const home = std::getenv("HOME");
  std::filesystem::path file;
  if (named != nullptr)
    file = named;
  else if (home != nullptr)
    file = std::filesystem::path(home) / ".editrc";
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored)) ::el_source(editor, file.c_str());
}

LineEditor& of(EditLine* editor) {
  void* self = nullptr;
  ::el_get(editor, EL_CLIENTDATA, &self);
  return *static_cast<LineEditor*>(self);
}

// Of whole characters.
std::string common_prefix(const std::vector<std::string>& words) {
  const auto [first, last] = std::ranges::minmax_element(words);
  const auto one = widened(*first);
  const auto other = widened(*last);
  const auto ends = std::ranges::mismatch(one, other);
  return narrowed(std::wstring(one.begin(), ends.in1));
}

}  // namespace

LineEditor::LineEditor(Style style, Completer completer)
    : completer_(std::move(completer)),
      display_(style),
      nowhere_(open_nowhere(beep_), std::fclose),
      editor_(::el_init_fd("coroecho-client", stdin, nowhere_.get(), nowhere_.get(), STDIN_FILENO,
                           STDOUT_FILENO, STDERR_FILENO),
              ::el_end),
      stacks_({.stack_size = stack_size}),
      lines_([this](Lines::Yielder& yield, std::optional<Stroke>) { produce(yield); }, stacks_) {
  if (!editor_) throw std::runtime_error("the terminal cannot be used for editing");
  auto* const editor = editor_.get();
  ::el_set(editor, EL_CLIENTDATA, this);
  ::el_set(
      editor, EL_GETCFN, +[](EditLine* caller, wchar_t* character) {
        return of(caller).next_key(*character) ? 1 : 0;  // called inside the generator
      });
  ::el_set(
      editor, EL_PROMPT, +[](EditLine*) {
        static char nothing = '\0';
        return &nothing;
      });
  ::el_set(editor, EL_EDITOR, "emacs");
  ::el_wset(
      editor, EL_ADDFN, L"complete-word", L"Complete the word",
      +[](EditLine* caller, std::wint_t) -> unsigned char {
        of(caller).complete();
        return CC_REFRESH;
      });
  ::el_set(editor, EL_BIND, "^I", "complete-word", nullptr);
  ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  bind_keys_of_terminals(editor);
  read_settings(editor);
  for (const char* const command : {"\\ex", "\\eX"})  // they ask for a command, unseen
    ::el_set(editor, EL_BIND, command, "ed-ignore", nullptr);
  ::el_wset(
      editor, EL_ADDFN, L"begin-paste", L"Take what is pasted as text",
      +[](EditLine* caller, std::wint_t) -> unsigned char {
        of(caller).pasting_ = true;
        return CC_NORM;
      });
  ::el_set(editor, EL_BIND, "\\235", "begin-paste", nullptr);
  ::el_set(editor, EL_BIND, "-a", "\\235", "begin-paste", nullptr);  // vi's other keys
  ::el_set(editor, EL_BIND, "\\236", "ed-ignore", nullptr);
  // Between two lines libedit would let the terminal edit, which loses keys.
  ::el_set(editor, EL_SETTY, "-x", "-icanon", "-echo", "-echonl", "-iexten", nullptr);
}

LineEditor::~LineEditor() {
  leave();
}

void LineEditor::leave() {
  if (std::exchange(leaving_, true)) return;
  ::el_set(editor_.get(), EL_EDITMODE, 0);  // so that it leaves the terminal's modes alone
  if (!lines_.done() && yield_ != nullptr) lines_.resume(std::nullopt);
}

bool LineEditor::is_wanted() const {
  int editing = 0;
  return ::el_get(editor_.get(), EL_EDITMODE, &editing) == 0 && editing != 0;
}

void LineEditor::use_history(HistoryW* history) {
  ::el_wset(editor_.get(), EL_HIST, ::history_w, history);
}

// ---- the producer

void LineEditor::produce(Lines::Yielder& yield) {
  yield_ = &yield;
  while (!leaving_) {
    int size = 0;
    const wchar_t* const line = ::el_wgets(editor_.get(), &size);
    const bool given_up = std::exchange(given_up_, false);
    if (given_up) continue;
    if (line == nullptr) {
      yield(EndOfInput{});
      continue;
    }
    std::wstring_view text(line, static_cast<std::size_t>(size));
    if (text.ends_with(L'\n')) text.remove_suffix(1);
    display_.draw(prompt_, text, text.size());
    display_.leave();
    yield(narrowed(text));
  }
}

// False: the line is given up. An Escape ends libedit's search and is gone, also that of an arrow,
// whose other characters would be text. So something else ends the search before it.
bool LineEditor::next_key(wchar_t& character) {
  const bool was_refused = std::exchange(paste_offered_, false) && !pasting_;
  if (was_refused) take_paste_key_back();
  if (!fill_keys()) return false;
  character = keys_.front();
  keys_.pop_front();
  paste_offered_ = character == paste_key && !was_refused;
  if (character == escape && searching_) {
    if (!fill_keys()) return false;
    if (keys_.front() == L'[' || keys_.front() == L'O')
      keys_.push_front(std::exchange(character, search_end_key));
  }
  searching_ = is_of_search(character, searching_);
  if (character == as_byte('\0')) character = L'\0';  // Ctrl-Space
  return true;
}

// The command before, such as Ctrl-V or the beginning of a sequence, has taken the key for its own,
// and is over now: the paste begins after it.
void LineEditor::take_paste_key_back() {
  auto* const editor = editor_.get();
  for (;;) {
    const auto at = whole_line(editor).find(paste_key);
    if (at == std::wstring_view::npos) break;
    const auto after = static_cast<int>(at) + 1;
    ::el_cursor(editor, after - static_cast<int>(before_cursor(editor).size()));
    ::el_deletestr(editor, 1);
  }
  keys_.push_front(paste_key);
}

bool LineEditor::fill_keys() {
  while (keys_.empty()) {
    if (given_up_) return false;
    make_room();
    const auto key = (*yield_)(NeedsKey{});
    if (!key) {
      given_up_ = true;
      pasting_ = false;
      searching_ = false;
      decoder_.rest();
      return false;
    }
    if (key->kind == Stroke::Kind::paste_begins) {
      keys_.push_back(paste_key);
      break;
    }
    const bool ends = key->kind == Stroke::Kind::paste_ends;
    const auto characters = ends ? decoder_.rest() : decoder_.take(key->byte);
    if (!pasting_) {
      keys_.insert(keys_.end(), characters.begin(), characters.end());
      continue;
    }
    const bool is_complete = !ends && (key->byte == '\n' || key->byte == '\r');
    insert(std::wstring_view(characters).substr(0, characters.size() - (is_complete ? 1 : 0)));
    if (is_complete) keys_.push_back(L'\n');
    if (ends) pasting_ = false;
  }
  return true;
}

void LineEditor::insert(std::wstring_view characters) {
  if (!characters.empty()) ::el_winsertstr(editor_.get(), std::wstring(characters).c_str());
}

// libedit writes beyond its picture of the screen if a line does not fit there. So the picture is
// made large enough before each key, whatever the size of the real screen.
void LineEditor::make_room() {
  constexpr std::size_t widest = 8;  // \U+1F600
  constexpr std::size_t spare = 300;
  int columns = 0;
  int rows = 0;
  auto* const editor = editor_.get();
  ::el_get(editor, EL_GETTC, "co", &columns);
  ::el_get(editor, EL_GETTC, "li", &rows);
  const auto cells = widest * (whole_line(editor).size() + spare);
  const auto needed = cells / static_cast<std::size_t>(std::max(columns, 1)) + spare;
  if (static_cast<std::size_t>(rows) >= needed) return;
  ::el_set(editor, EL_SETTC, "li", fmt::format("{}", 2 * needed).c_str(), nullptr);
}

LineEditor::Event LineEditor::resume(std::optional<Stroke> key) {
  auto event = lines_.resume(key);
  if (!event) return EndOfInput{};
  editing_ = std::holds_alternative<NeedsKey>(*event);
  return std::move(*event);
}

// ---- the screen

void LineEditor::set_prompt(std::string_view prompt) {
  prompt_ = widened(prompt);
  show();
}

void LineEditor::show() {
  if (!editing_) return;
  display_.draw(prompt_, whole_line(editor_.get()), before_cursor(editor_.get()).size());
  if (std::exchange(beep_, false)) client::print("\a");
}

void LineEditor::write_above(const std::function<void()>& write) {
  display_.erase();
  write();
  show();
}

void LineEditor::end_line(std::string_view mark) {
  editing_ = false;
  client::print(mark);
  display_.leave();
}

void LineEditor::clear_line() {
  if (!editing_) return;
  keys_.clear();
  resume();
  show();
}

// ---- completion

void LineEditor::complete() {
  const auto before = narrowed(before_cursor(editor_.get()));
  const auto words = completer_(before);
  if (!words) return insert(L"\t");
  if (words->empty()) return ::el_beep(editor_.get());
  // The words replace the last one typed: their common prefix is inserted, less what is typed of
  // it.
  const auto prefix = common_prefix(*words);
  std::size_t typed = std::min(prefix.size(), before.size());
  while (typed > 0 && !before.ends_with(prefix.substr(0, typed)))
    --typed;
  auto rest = prefix.substr(typed);
  if (words->size() == 1 && !prefix.ends_with('/')) rest += ' ';
  if (!rest.empty()) return insert(widened(rest));
  const auto names = escaped(fmt::format("{}", fmt::join(*words, "  ")));
  write_above([&] { client::print(names + '\n'); });
}

}  // namespace client
