#include "server/log/event_log.hpp"

#include <fmt/format.h>
#include <spdlog/formatter.h>

#include <new>
#include <string>
#include <utility>

#include "program/escape.hpp"
#include "server/config/config_error.hpp"
#include "server/log/log_format.hpp"

namespace server {

using std::chrono::steady_clock;
using std::chrono::system_clock;

EventLog::EventLog(int standard_output, int standard_error)
    : standard_output_(standard_output),
      standard_error_(standard_error),
      output_(LogDestination::inherited(standard_output)),
      layout_(log_layout(config_.format, output_.journal())) {}

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
  write_queue();
  config_ = wanted;
  layout_ = log_layout(config_.format, output_.journal());
}

void EventLog::reopen() {
  if (config_.file.empty()) return;
  auto destination = LogDestination::file(config_.file);
  if (destination)
    redirect(std::move(*destination));
  else
    error("cannot reopen log file '{}': {}; the old one stays in use", config_.file,
          destination.error().message());
}

// Lines that the old destination has not taken go to the new one too.
void EventLog::redirect(LogDestination destination) {
  write_queue();
  output_.redirect(std::move(destination));
  layout_ = log_layout(config_.format, output_.journal());
  write_queue();
}

void EventLog::log(spdlog::level::level_enum level, fmt::string_view text,
                   fmt::format_args values) try {
  if (level < config_.level) return;
  message_.clear();
  fmt::vformat_to(fmt::appender(message_), text, values);
  append({.level = level, .time = system_clock::now(), .text = {message_.data(), message_.size()}});
} catch (const std::bad_alloc&) {
  output_.drop();
}

void EventLog::answer(std::string_view text) {
  if (config_.level == spdlog::level::off) return;
  append({.time = system_clock::now(), .text = text});
}

void EventLog::append(const LogRecord& record) {
  if (!queue_.fits(record)) write_queue();
  queue_.push(record);
}

void EventLog::append(LogRecord record, std::string_view bytes) {
  const std::size_t shown = program::whole_characters(bytes, config_.payload);
  record.bytes_in = bytes.size();
  record.omitted = config_.payload > 0 ? bytes.size() - shown : 0;
  record.text = bytes.substr(0, shown);
  append(record);
}

void EventLog::flush() {
  if (queue_.empty() && output_.idle()) return;  // as a rule, before each sleep
  write_queue();
  report_failure();
}

void EventLog::close(std::chrono::milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  write_queue();
  output_.drain(deadline);
  if (report_dropped()) output_.drain(deadline);
  output_.discard();
  report_failure();
}

void EventLog::write_queue() {
  // A destination that reads again first takes what waits for it: that makes room.
  output_.write();
  report_dropped();
  queue_.drain([this](const LogRecord& record) {
    // A line for which there was no memory does not drop those behind it: the destination reads.
    if (output_.dropping()) {
      output_.write();
      report_dropped();
    }
    if (output_.dropping())
      output_.drop();
    else
      append_line(record);
  });
  output_.write();
  if (report_dropped()) output_.write();
}

// A line for which there is no memory is dropped: the echo goes on.
void EventLog::append_line(const LogRecord& record) try {
  content_.clear();
  append_content(content_, record, config_.format);
  line_.clear();
  layout_->format({record.time, {}, {}, record.level, {content_.data(), content_.size()}}, line_);
  output_.append({line_.data(), line_.size()});
} catch (const std::bad_alloc&) {
  output_.drop();
}

bool EventLog::report_dropped() {
  const std::uint64_t lost = output_.take_lost();
  if (lost == 0) return false;
  append_line({.kind = LogKind::dropped,
               .level = spdlog::level::warn,
               .time = system_clock::now(),
               .lines = lost});
  return true;
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
