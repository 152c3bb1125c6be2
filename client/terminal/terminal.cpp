#include "client/terminal/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/rendering.hpp"
#include "client/terminal/terminal_modes.hpp"
#include "client/wire/failure.hpp"
#include "coro/signals.hpp"

namespace client {
namespace {

// On Ctrl-C the kernel discards its unread input, so what is there now was typed after it.
bool is_interrupted() {
  sigset_t pending{};
  return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGINT) == 1;
}

// Until SIGCONT. If no shell controls this process, and so nobody would send that, the kernel
// ignores the signal (setpgid(2): orphaned process groups).
void stop_process() {
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTSTP);
  std::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

}  // namespace

Terminal::Terminal(coro::Scheduler& scheduler, std::optional<LineHistory> history,
                   LineEditor::Completer completer, SignalHandler on_signal)
    : history_(std::move(history)),
      keyboard_(scheduler, STDIN_FILENO),
      on_signal_(std::move(on_signal)) {
  keep_printing_at_interrupt();
  if (understands_escapes(STDOUT_FILENO)) begin_editing(std::move(completer));
  signal_task_ =
      scheduler.spawn("signals", [this](coro::Yield yield) { watch_signals(yield); }).value();
  if (history_ && history_->problem()) complain(text_of(*history_->problem()));
}

void Terminal::begin_editing(LineEditor::Completer completer) {
  remember_terminal_modes();
  editor_.emplace(style_, std::move(completer));
  take_terminal();
  if (!editor_->is_wanted()) {
    editor_.reset();
    return give_terminal_back();
  }
  if (history_) editor_->use_history(history_->handle());
}

Terminal::~Terminal() {
  stop();
}

void Terminal::stop() {
  if (std::exchange(stopped_, true)) return;
  if (editor_) {
    editor_->end_line("");
    editor_->leave();
  }
  give_terminal_back();
  if (history_) {
    if (const auto saved = history_->save(); !saved) complain(text_of(saved.error()));
  }
  signal_task_.cancel();
}

// ---- lines

std::optional<std::string> Terminal::read_line(coro::Yield yield) {
  reading_ = true;
  auto line = editor_ ? edit_line(yield) : read_plain_line(yield);
  reading_ = false;
  if (line && history_) history_->add(*line);
  return line;
}

// The consumer: resumes the producer of lines with each key that was typed.
std::optional<std::string> Terminal::edit_line(coro::Yield yield) {
  auto event = editor_->resume();
  while (std::holds_alternative<LineEditor::NeedsKey>(event)) {
    if (strokes_.empty()) editor_->show();
    const auto stroke = next_stroke(yield);
    if (!stroke) {
      editor_->end_line("");
      return std::nullopt;
    }
    event = editor_->resume(*stroke);
  }
  if (auto* const line = std::get_if<std::string>(&event)) return std::move(*line);
  editor_->end_line("^D");
  return std::nullopt;
}

std::optional<std::string> Terminal::read_plain_line(coro::Yield yield) {
  plain_.begin();
  while (const auto stroke = next_stroke(yield))
    if (auto line = plain_.take(stroke->byte)) return line;
  return plain_.end_of_input();
}

// Nothing at the end of the input.
std::optional<Stroke> Terminal::next_stroke(coro::Yield yield) {
  while (strokes_.empty()) {
    if (keyboard_.wait_readable(yield)) return std::nullopt;
    while (is_interrupted() && !stopped_)
      yield.now();  // first watch_signals()
    std::array<char, 4096> bytes{};
    const auto size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) return std::nullopt;
    for (ssize_t i = 0; i < size; ++i) {
      const char byte = bytes[static_cast<std::size_t>(i)];
      if (editor_)
        paste_.take(byte, strokes_);
      else
        strokes_.push_back({Stroke::Kind::typed, byte});
    }
  }
  const auto stroke = strokes_.front();
  strokes_.pop_front();
  return stroke;
}

// ---- the screen

void Terminal::set_prompt(std::string_view prompt) {
  plain_.set_prompt(prompt);
  if (editor_) editor_->set_prompt(prompt);
}

void Terminal::say(std::string_view line) {
  write_above([line] { print(fmt::format("{}\n", line)); });
}

void Terminal::complain(std::string_view line) {
  write_above([&] { print_error(fmt::format("{}\n", error_style_.bad(line))); });
}

void Terminal::write_above(const std::function<void()>& write) {
  if (editor_) return editor_->write_above(write);
  plain_.write_above(write);
}

// ---- signals

void Terminal::watch_signals(coro::Yield yield) {
  const std::initializer_list<int> always = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
  const std::initializer_list<int> while_editing = {SIGINT,   SIGQUIT, SIGTERM, SIGHUP,
                                                    SIGWINCH, SIGTSTP, SIGCONT};
  coro::Signals signals(yield.scheduler(), editor_ ? while_editing : always);
  while (const auto signal = signals.wait(yield))
    handle(*signal);
}

void Terminal::handle(int signal) {
  switch (signal) {
    case SIGWINCH:
      return write_above([] {});
    case SIGTSTP:
      editor_->leave_half_typed();
      give_terminal_back();
      stop_process();
      [[fallthrough]];
    case SIGCONT:
      take_terminal();
      return write_above([] {});
    case SIGINT:
      clear_line();
      [[fallthrough]];
    default:
      return on_signal_(signal);
  }
}

void Terminal::clear_line() {
  strokes_.clear();
  paste_.give_up();
  if (editor_) return editor_->clear_line();
  plain_.clear_line();
}

}  // namespace client
