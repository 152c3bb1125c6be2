#include "client/terminal/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/terminal_kind.hpp"
#include "client/terminal/command.hpp"
#include "client/wire/failure.hpp"
#include "coro/signals.hpp"

namespace client {
namespace {

// With a Ctrl-C the kernel forgets what has not been read: what is there now was typed after it.
bool is_interrupted() {
  sigset_t pending{};
  return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGINT) == 1;
}

}  // namespace

Terminal::Terminal(coro::Scheduler& scheduler, bool remember_lines)
    : keyboard_(scheduler, STDIN_FILENO) {
  if (remember_lines) history_.emplace(history_file());
  if (understands_escapes(STDOUT_FILENO)) begin_editing();
  signal_task_ =
      scheduler.spawn("signals", [this](coro::Yield yield) { watch_signals(yield); }).value();
  if (history_ && history_->problem()) report_history(*history_->problem());
}

void Terminal::begin_editing() {
  editor_.emplace(style_, completions);
  TerminalModes::take();
  if (!editor_->is_wanted()) {
    editor_.reset();
    return TerminalModes::give_back();
  }
  if (history_) editor_->use_history(history_->handle());
}

Terminal::~Terminal() {
  stop();
}

void Terminal::stop() {
  if (std::exchange(stopped_, true)) return;
  TerminalModes::give_back();
  if (history_) {
    if (const auto problem = history_->save()) report_history(*problem);
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
  auto event = editor_->begin();
  while (std::holds_alternative<LineEditor::NeedsKey>(event)) {
    if (strokes_.empty()) editor_->show();
    if (!await_strokes(yield)) {
      editor_->end_line("");
      return std::nullopt;
    }
    const auto stroke = strokes_.front();
    strokes_.pop_front();
    event = editor_->type(stroke);
  }
  if (auto* const line = std::get_if<std::string>(&event)) return std::move(*line);
  editor_->end_line("^D");
  return std::nullopt;
}

std::optional<std::string> Terminal::read_plain_line(coro::Yield yield) {
  plain_.begin();
  while (await_strokes(yield)) {
    const char byte = strokes_.front().byte;
    strokes_.pop_front();
    if (auto line = plain_.take(byte)) return line;
  }
  return plain_.end_of_input();
}

// False at the end of the input.
bool Terminal::await_strokes(coro::Yield yield) {
  while (strokes_.empty()) {
    if (keyboard_.wait_readable(yield)) return false;
    while (is_interrupted() && !stopped_)
      yield.now();  // first watch_signals()
    std::array<char, 4096> bytes{};
    const auto size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) return false;
    for (ssize_t i = 0; i < size; ++i) {
      const char byte = bytes[static_cast<std::size_t>(i)];
      if (editor_)
        paste_.take(byte, strokes_);
      else
        strokes_.push_back({Stroke::Kind::typed, byte});
    }
  }
  return true;
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

void Terminal::report_history(const std::string& problem) {
  complain(text_of(Failure{FailureClass::local, problem}));
}

// ---- signals

void Terminal::watch_signals(coro::Yield yield) {
  std::optional<coro::Signals> signals;
  auto& scheduler = yield.scheduler();
  if (editor_) {
    signals.emplace(scheduler, std::initializer_list<int>{SIGINT, SIGQUIT, SIGTERM, SIGHUP,
                                                          SIGWINCH, SIGTSTP, SIGCONT});
  } else {
    signals.emplace(scheduler, std::initializer_list<int>{SIGINT, SIGQUIT, SIGTERM, SIGHUP});
  }
  while (const auto signal = signals->wait(yield))
    handle(*signal);
}

void Terminal::handle(int signal) {
  switch (signal) {
    case SIGINT:
      clear_line();
      return on_interrupt_();
    case SIGQUIT:
      return on_status_();
    case SIGWINCH:
      return editor_->write_above([] {});
    case SIGTSTP:
      return pause();
    case SIGCONT:
      return go_on();
    default:
      return on_termination_(signal);
  }
}

void Terminal::clear_line() {
  strokes_.clear();
  paste_.give_up();
  if (editor_) return editor_->clear_line();
  plain_.clear_line();
}

// Stopped by a signal that cannot be caught, it goes on in go_on().
void Terminal::pause() {
  editor_->leave_half_typed();
  TerminalModes::give_back();
  std::raise(SIGSTOP);
}

void Terminal::go_on() {
  TerminalModes::take();
  editor_->write_above([] {});
}

}  // namespace client
