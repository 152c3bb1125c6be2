#include "server/log/event_log.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

namespace server {

EventLog::EventLog(int standard_output, int standard_error)
    : standard_output_(standard_output),
      standard_error_(standard_error),
      sink_(std::make_shared<LogSink>(LogDestination::inherited(standard_output))),
      logger_(std::make_shared<spdlog::logger>("coroecho", sink_)) {}

EventLog::~EventLog() {
  close();
}

std::optional<std::string> EventLog::configure(const LogConfig& config) {
  const bool renamed = !config.file.empty() && !sink_->writes_to(config.file);
  if (config.file != config_.file || renamed) {
    auto destination = config.file.empty() ? LogDestination::inherited(standard_output_)
                                           : LogDestination::file(config.file);
    if (destination.has_error()) {
      return fmt::format("cannot open log file '{}': {}", config.file,
                         destination.error().message());
    }
    sink_->redirect(std::move(*destination));
  }
  if (config.format != config_.format) sink_->set_format(config.format);
  logger_->set_level(config.level);
  info_ = config.level <= spdlog::level::info;
  config_ = config;
  return std::nullopt;
}

void EventLog::answer(std::string_view text) {
  if (config_.level == spdlog::level::off) return;
  sink_->push({.time = std::chrono::system_clock::now(), .text = text});
}

void EventLog::flush() {
  sink_->flush();
  report_failure();
}

void EventLog::close(std::chrono::milliseconds limit) {
  sink_->close(limit);
  report_failure();
}

// Where the log cannot say it itself: one line, without waiting for who reads it. Nobody is there
// to catch what is thrown before the scheduler sleeps, and for want of memory there is no line.
void EventLog::report_failure() const try {
  const auto failure = sink_->take_failure();
  if (!failure) return;
  const std::string place = config_.file.empty() ? "standard output" : config_.file;
  const auto standard_error = LogDestination::inherited(standard_error_);
  static_cast<void>(standard_error.write(fmt::format(
      "{}coroecho: cannot log to {}: {}; lines that do not fit into memory are dropped\n",
      standard_error.journal() ? "<3>" : "", place, failure.message())));
} catch (const std::bad_alloc&) {
}

void EventLog::reopen() {
  if (config_.file.empty()) return;
  auto destination = LogDestination::file(config_.file);
  if (destination.has_error()) {
    logger_->error("cannot reopen log file '{}': {}; the old one stays in use", config_.file,
                   destination.error().message());
  } else {
    sink_->redirect(std::move(*destination));
  }
}

}  // namespace server
