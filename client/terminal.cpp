#include "client/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "client/command.hpp"
#include "client/failure.hpp"

namespace client {

Terminal::Terminal(coro::Scheduler& scheduler, bool remember_lines)
    : editor_(stdin, stdout, completions),
      keyboard_(scheduler, STDIN_FILENO),
      signals_(scheduler.executor()) {
  if (remember_lines) {
    history_.emplace(history_file());
    editor_.use_history(history_->handle());
    if (const auto& problem = history_->problem()) report_history(*problem);
  }
  for (const int signal : {SIGINT, SIGWINCH, SIGTSTP, SIGTERM, SIGHUP})
    signals_.add(signal);
  signal_task_ =
      scheduler.spawn("signals", [this](coro::Yield yield) { watch_signals(yield); }).value();
}

Terminal::~Terminal() {
  stop();
}

void Terminal::stop() {
  if (history_) {
    if (const auto problem = history_->save()) report_history(*problem);
  }
  signal_task_.cancel();
  coro::error_code ignored;
  signals_.clear(ignored);
}

// The consumer: resumes the producer of lines with each key that was typed.
std::optional<std::string> Terminal::read_line(coro::Yield yield) {
  reading_ = true;
  auto event = editor_.begin();
  while (std::holds_alternative<LineEditor::NeedsKey>(event)) {
    const auto key = next_key(yield);
    if (!key) break;
    event = editor_.type(*key);
  }
  reading_ = false;
  auto* const line = std::get_if<std::string>(&event);
  if (line == nullptr) {
    editor_.end_line();
    return std::nullopt;
  }
  if (history_) history_->add(*line);
  return std::move(*line);
}

std::optional<char> Terminal::next_key(coro::Yield yield) {
  while (typed_.empty()) {
    if (keyboard_.wait_readable(yield)) return std::nullopt;
    std::array<char, 256> keys{};
    const auto size = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (size > 0) {
      typed_.insert(typed_.end(), keys.begin(), keys.begin() + size);
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
      return std::nullopt;  // the terminal is gone
    }
  }
  const char key = typed_.front();
  typed_.pop_front();
  return key;
}

void Terminal::set_prompt(std::string_view prompt) {
  constexpr char invisible = '\1';
  editor_.set_prompt(style_.coloured()
                         ? fmt::format("{0}\033[1m{0}{1}{0}\033[0m{0}", invisible, prompt)
                         : std::string(prompt));
}

void Terminal::say(std::string_view line) {
  editor_.print(fmt::format("{}\n", line), stdout);
}

void Terminal::complain(std::string_view line) {
  editor_.print(fmt::format("{}\n", line), stderr);
}

void Terminal::report_history(const std::string& problem) {
  complain(text_of(Failure{FailureClass::local, problem}));
}

// ---- signals

void Terminal::watch_signals(coro::Yield yield) {
  for (;;) {
    const auto [error, signal] = signals_.async_wait(yield);
    if (error) return;
    handle(signal);
  }
}

void Terminal::handle(int signal) {
  switch (signal) {
    case SIGINT:
      editor_.clear_line();
      return on_interrupt_();
    case SIGWINCH:
      return editor_.resize();
    case SIGTSTP:
      return pause();
    default:
      return on_termination_(signal);
  }
}

void Terminal::pause() {
  editor_.release_terminal();
  std::raise(SIGSTOP);
  editor_.take_terminal_again();
}

}  // namespace client
