#include "server/log/event_log.hpp"

#include <fmt/format.h>
#include <spdlog/formatter.h>

#include <new>
#include <string>
#include <utility>

#include "server/config/config_error.hpp"

namespace server {

using std::chrono::steady_clock;
using std::chrono::system_clock;

EventLog::EventLog(int standard_output, int standard_error)
    : standard_output_(standard_output),
      standard_error_(standard_error),
      output_(LogDestination::inherited(standard_output)),
      event_layout_(config_.format, output_.journal()),
      message_layout_(message_layout(config_.format, output_.journal())) {}

EventLog::~EventLog() {
  close();
}

void EventLog::configure(const Config& config) {
  const LogConfig& wanted = config.log;
  const bool renamed = !wanted.file.empty() && !output_.writes_to(wanted.file);
  if (wanted.file != config_.file || renamed) {
    auto destination = wanted.file.empty() ? LogDestination::inherited(standard_output_)
                                           : LogDestination::file(wanted.file);
    if (!destination) {
      throw ConfigError(fmt::format("{}: cannot open log file '{}': {}",
                                    config.origins.where("log.file"), wanted.file,
                                    destination.error().message()));
    }
    redirect(std::move(*destination));
  }
  config_ = wanted;
  set_layout();
}

void EventLog::set_layout() {
  event_layout_ = EventLayout(config_.format, output_.journal());
  message_layout_ = message_layout(config_.format, output_.journal());
}

void EventLog::reopen() {
  if (config_.file.empty()) return;
  auto destination = LogDestination::file(config_.file);
  if (destination) return redirect(std::move(*destination));
  const std::string reason = destination.error().message();
  error({"log_not_reopened", {{"file", config_.file}, {"reason", reason}}},
        "cannot reopen log file '{}': {}; the old one stays in use", config_.file, reason);
}

// Lines that the old destination has not taken go to the new one too.
void EventLog::redirect(LogDestination destination) {
  write();
  output_.redirect(std::move(destination));
  set_layout();
  write();
}

void EventLog::log(spdlog::level::level_enum level, const LogAbout& about, fmt::string_view text,
                   fmt::format_args values) try {
  if (level < config_.level) return;
  message_.clear();
  fmt::vformat_to(fmt::appender(message_), text, values);
  append_message(level, about, {message_.data(), message_.size()});
} catch (const std::bad_alloc&) {
  output_.drop();
}

void EventLog::answer(std::string_view event, std::span<const std::string> lines,
                      std::string_view json) try {
  if (config_.level == spdlog::level::off) return;
  const LogAbout about{.event = event, .json = json};
  if (config_.format == LogFormat::json)
    return append_message(spdlog::level::info, about, lines.front());
  for (const std::string& line : lines)
    append_message(spdlog::level::info, about, line);
} catch (const std::bad_alloc&) {
  output_.drop();
}

void EventLog::append_message(spdlog::level::level_enum level, const LogAbout& about,
                              std::string_view text) {
  if (!takes_lines()) return output_.drop();
  content_.clear();
  append_content(content_, about, text, config_.format);
  line_.clear();
  message_layout_->format({system_clock::now(), {}, {}, level, {content_.data(), content_.size()}},
                          line_);
  output_.append({line_.data(), line_.size()});
}

// As a rule the line is written where it stays, and only at the end of the memory by way of a copy.
template <typename Event>
void EventLog::append(const Event& event) {
  if (!takes_lines()) return output_.drop();
  const std::size_t room = EventLayout::room(event);
  char* const place = output_.prepare(room);
  if (place == nullptr) return append_copy(event, room);
  output_.commit(event_layout_.write(place, event));
}

// A line for which there is no memory is dropped: the echo goes on.
template <typename Event>
[[gnu::noinline]] void EventLog::append_copy(const Event& event, std::size_t room) try {
  line_.resize(room);
  const char* const end = event_layout_.write(line_.data(), event);
  output_.append({line_.data(), end});
} catch (const std::bad_alloc&) {
  output_.drop();
}

template void EventLog::append(const ConnectEvent& event);
template void EventLog::append(const ReceiveEvent& event);
template void EventLog::append(const DisconnectEvent& event);
template void EventLog::append(const DatagramEvent& event);

// A destination that reads again takes what waits for it, and then lines are kept again. A single
// line for which there was no memory does not drop those behind it.
bool EventLog::takes_lines() {
  if (output_.dropping()) write();
  return !output_.dropping();
}

void EventLog::flush() {
  if (output_.idle()) return;  // as a rule, before each sleep
  write();
  report_failure();
}

void EventLog::close(std::chrono::milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  output_.drain(deadline);
  if (report_dropped()) output_.drain(deadline);
  output_.discard();
  report_failure();
}

void EventLog::write() {
  output_.write();
  if (report_dropped()) output_.write();
}

// Dropped lines are reported once those before them are written, so that there is room.
bool EventLog::report_dropped() {
  const std::uint64_t lost = output_.take_unreported();
  if (lost > 0) append(DroppedEvent{.time = system_clock::now(), .lines = lost});
  return lost > 0;
}

// A line on standard error, since the log cannot report it. It does not wait for a reader. Without
// memory there is no line: the scheduler, which is about to sleep, catches no exception.
void EventLog::report_failure() try {
  const auto failure = output_.take_failure();
  if (!failure) return;
  const auto standard_error = LogDestination::inherited(standard_error_);
  static_cast<void>(standard_error.write(fmt::format(
      "{}coroecho: cannot log to {}: {}; lines that do not fit into memory are dropped\n",
      standard_error.journal() ? "<3>" : "",
      config_.file.empty() ? "standard output" : config_.file, failure.message())));
} catch (const std::bad_alloc&) {
}

}  // namespace server
