#include "server/event_log.hpp"

#include <fmt/format.h>

#include <utility>

namespace server {

EventLog::EventLog(int standard_output)
    : standard_output_(standard_output),
      sink_(std::make_shared<LogSink>(LogDestination::inherited(standard_output))),
      logger_(std::make_shared<spdlog::logger>("coroecho", sink_)) {}

EventLog::~EventLog() {
  close();
}

std::optional<std::string> EventLog::configure(const LogConfig& config) {
  if (config.file != config_.file) {
    auto destination = config.file.empty() ? LogDestination::inherited(standard_output_)
                                           : LogDestination::file(config.file);
    if (destination.has_error()) {
      return fmt::format("cannot open log file '{}': {}", config.file,
                         destination.error().message());
    }
    sink_->redirect(std::move(*destination));
  }
  if (config.format != config_.format) {
    sink_->set_format(config.format);
  }
  logger_->set_level(config.level);
  info_ = config.level <= spdlog::level::info;
  config_ = config;
  return std::nullopt;
}

void EventLog::reopen() {
  if (config_.file.empty()) {
    return;
  }
  auto destination = LogDestination::file(config_.file);
  if (destination.has_error()) {
    logger_->error("cannot reopen log file '{}': {}; the old one stays in use", config_.file,
                   destination.error().message());
  } else {
    sink_->redirect(std::move(*destination));
  }
}

}  // namespace server
